#include "load/etcd_dialect.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nghttp2/nghttp2.h>
#include <sys/types.h>

#include "core/check.h"
#include "load/etcd_codec.h"

namespace kv::load {

struct EtcdDialect::Stream {
  std::uint32_t lane{0};
  bool read{false};
  std::string request{};
  std::size_t sent{0};
  std::string response{};
  std::string status{};   ///< grpc-status
  std::string message{};  ///< grpc-message

  Answer answer() const {
    if (status != "0") {
      return {Answer::Kind::kRefused, lane, "gRPC status " + status + " " + message};
    }
    const bool missing = read && !range_found(response);
    return {missing ? Answer::Kind::kMissing : Answer::Kind::kOk, lane, {}};
  }
};

struct EtcdDialect::Callbacks {
  static Stream* stream_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static ssize_t read_request(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t space,
                              std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& stream = *static_cast<Stream*>(source->ptr);
    const std::size_t size = std::min(space, stream.request.size() - stream.sent);
    std::copy_n(stream.request.data() + stream.sent, size, to);
    stream.sent += size;
    if (stream.sent == stream.request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t, void*) {
    Stream* stream = stream_of(session, frame->hd.stream_id);
    const std::string_view header(reinterpret_cast<const char*>(name), name_size);
    if (stream == nullptr || !header.starts_with("grpc-")) return 0;
    std::string& place = header == "grpc-status" ? stream->status : stream->message;
    place.assign(reinterpret_cast<const char*>(value), value_size);
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void*) {
    Stream* stream = stream_of(session, id);
    if (stream != nullptr && stream->read) {
      stream->response.append(reinterpret_cast<const char*>(data), size);
    }
    return 0;
  }

  static int on_close(nghttp2_session* session, std::int32_t id, std::uint32_t, void* user) {
    auto& dialect = *static_cast<EtcdDialect*>(user);
    Stream* stream = stream_of(session, id);
    if (stream == nullptr) return 0;
    if (dialect.answers_ != nullptr) dialect.answers_->push_back(stream->answer());
    dialect.unused_.push_back(stream);
    return 0;
  }
};

namespace {

nghttp2_nv header(std::string_view name, std::string_view value, std::uint8_t flags = 0) {
  // The library wants writable bytes and doesn't write.
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

}  // namespace

EtcdDialect::EtcdDialect(std::string authority) : authority_(std::move(authority)) {
  nghttp2_session_callbacks* callbacks = nullptr;
  CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_close);
  nghttp2_option* option = nullptr;
  CHECK(nghttp2_option_new(&option) == 0);
  nghttp2_option_set_no_closed_streams(option, 1);
  CHECK(nghttp2_session_client_new2(&session_, callbacks, this, option) == 0);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0) == 0);
  // A large window, so that few frames go back to widen it.
  CHECK(nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 1 << 24) == 0);
}

EtcdDialect::~EtcdDialect() {
  nghttp2_session_del(session_);
}

void EtcdDialect::submit(const Operation& operation, std::uint32_t lane) {
  if (unused_.empty()) {
    streams_.push_back(std::make_unique<Stream>());
    unused_.push_back(streams_.back().get());
  }
  Stream& stream = *unused_.back();
  unused_.pop_back();
  stream = {lane, operation.read, {}, 0, {}, {}, {}};
  stream.request =
      operation.read ? range_request(operation.key) : put_request(operation.key, operation.value);
  const std::array headers{
      header(":method", "POST"),
      header(":scheme", "http"),
      header(":path", operation.read ? "/etcdserverpb.KV/Range" : "/etcdserverpb.KV/Put"),
      header(":authority", authority_),
      header("content-type", "application/grpc"),
      header("te", "trailers"),
  };
  nghttp2_data_provider body{};
  body.source.ptr = &stream;
  body.read_callback = Callbacks::read_request;
  CHECK(nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &body, &stream) >
        0);
}

void EtcdDialect::take_output(std::string& out) {
  const std::uint8_t* bytes = nullptr;
  for (ssize_t size; (size = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
}

bool EtcdDialect::take_in(std::string_view bytes, std::vector<Answer>& answers) {
  answers_ = &answers;
  const ssize_t taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  answers_ = nullptr;
  return taken == static_cast<ssize_t>(bytes.size());
}

}  // namespace kv::load
