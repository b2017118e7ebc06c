#include "load/dialect.h"

#include "load/json_line_dialect.h"
#include "load/resp_dialect.h"
#ifdef KV_LOAD_ETCD
#include "load/etcd_dialect.h"
#endif

namespace kv::load {

Result<std::unique_ptr<Dialect>> make_dialect(const DialectOptions& options) {
  std::unique_ptr<Dialect> dialect;
  switch (options.protocol) {
    case Protocol::kLine:
      dialect = std::make_unique<JsonLineDialect>();
      break;
    case Protocol::kRedis:
      dialect = std::make_unique<RespDialect>(options.wait_replicas);
      break;
    case Protocol::kEtcd:
#ifdef KV_LOAD_ETCD
      dialect = std::make_unique<EtcdDialect>(options.authority);
      break;
#else
      return Error{
          "this kvload can't speak to etcd: install libnghttp2-dev and configure with "
          "-DKV_BENCHMARKS=ON"};
#endif
  }
  return dialect;
}

}  // namespace kv::load
