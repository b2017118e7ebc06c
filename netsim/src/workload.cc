#include "netsim/workload.h"

#include <utility>

#include "core/check.h"
#include "core/command.h"

namespace kv::sim {
namespace {

constexpr std::uint32_t kMillion = 1'000'000;
/// Before a client asks the next node, when nobody could say who the primary is.
constexpr Duration kBackOff = milliseconds(20);
/// An increment is asked for elsewhere after this part of a client's timeout: requests of the same
/// sequence are to be under way together.
constexpr std::int64_t kIncrementTries = 4;
/// Each try has twice the time of the one before, until it has this, or the timeout if that is
/// longer: where answers take their time, one try must wait long enough.
constexpr Duration kLongestTry = seconds(2);
/// In an alarm's data: the client's patience may be at its end.
constexpr std::uint64_t kTimeout = std::uint64_t{1} << 63;

std::string once_command(const std::string& counter, std::uint64_t sequence) {
  Command add;
  add.operation = kv::Operation::kAdd;
  add.key = counter;
  add.number = 1;
  const std::string inner = encode_command(add);
  Command once;
  once.operation = kv::Operation::kOnce;
  once.key = counter;
  once.number = static_cast<std::int64_t>(sequence);
  once.value = inner;
  return encode_command(once);
}

ClientRequest request_of(RequestId id, const Operation& operation, std::uint64_t increments) {
  switch (operation.kind) {
    case OperationKind::kGet:
      return {id, ReadRequest{encode_command(get_command(operation.key)), operation.anywhere}};
    case OperationKind::kDelete:
      return {id, WriteRequest{encode_command(delete_command(operation.key))}};
    case OperationKind::kIncrement:
      return {id, WriteRequest{once_command(operation.key, increments)}};
    case OperationKind::kSet:
      break;
  }
  Command set = set_command(operation.key, operation.value);
  set.number = operation.expires_after.ns / 1'000'000;
  return {id, WriteRequest{encode_command(set)}};
}

OperationKind kind_of(Verb verb) {
  if (verb == Verb::kSet) return OperationKind::kSet;
  return verb == Verb::kGet ? OperationKind::kGet : OperationKind::kDelete;
}

}  // namespace

Clients::Clients(const Scenario& scenario, const Rng& rng)
    : spec_(scenario.workload),
      stop_(scenario.workload.stop.value_or(Instant{} + scenario.run_for)),
      nodes_(scenario.nodes.size()),
      rng_(rng),
      kinds_(rng.fork("kinds")) {}

void Clients::begin(Cluster& cluster) {
  for (std::uint32_t i = 0; i < spec_.clients; ++i) {
    Client client;
    client.number = i + 1;
    client.server = static_cast<NodeId>(1 + rng_.below(nodes_));
    client.timeout = spec_.timeout;
    clients_.push_back(client);
  }
  for (Client& client : clients_) {
    const Duration interval = seconds(spec_.clients) / std::max<std::int64_t>(spec_.rate, 1);
    wake_at(cluster, client, spec_.start + rng_.between({}, interval));
  }
}

std::size_t Clients::call(Cluster& cluster, const Step& step, NodeId to) {
  Client client;
  client.number = static_cast<std::uint32_t>(clients_.size() + 1);
  client.scripted = true;
  client.server = to;
  client.retry = step.retry;
  client.timeout = step.timeout;
  clients_.push_back(client);
  Operation operation;
  operation.kind = kind_of(step.verb);
  operation.key = step.key;
  operation.value = step.value;
  start(cluster, clients_.back(), std::move(operation));
  return history_.size() - 1;
}

void Clients::on_alarm(Cluster& cluster, std::uint64_t data) {
  Client& client = clients_[(data & ~kTimeout) >> 32];
  if ((data & kTimeout) != 0) {
    if (client.timeout_at != cluster.now()) return;
    client.timeout_at.reset();
    if (!client.operation) return;
    if (cluster.now() < client.give_up) {
      arm_timeout(cluster, client);
      return;
    }
  } else if (client.token != static_cast<std::uint32_t>(data))
    return;
  if (!client.operation) {
    begin_operation(cluster, client);
  } else if (cluster.now() < client.give_up) {
    ask(cluster, client);
  } else {
    try_next_node(client);
    if (is_increment(client) && cluster.now() < stop_) return ask_anew(cluster, client);
    // A request that is under way may still take effect; one that was refused can't.
    const bool may = client.request != 0 || is_increment(client);
    const Ending ending = may ? Ending::kUnknown : Ending::kRefused;
    end(cluster, client, ending, "TIMEOUT", std::nullopt);
  }
}

/// Not drawn where the workload has none, so that it goes on as if they weren't known.
bool Clients::is_drawn(Chance share) {
  return share.per_million > 0 && kinds_.below(kMillion) < share.per_million;
}

void Clients::begin_operation(Cluster& cluster, Client& client) {
  if (cluster.now() >= stop_) return;
  Operation operation;
  if (is_drawn(spec_.once)) {
    operation.kind = OperationKind::kIncrement;
    operation.key = "n" + std::to_string(client.number);
    operation.value = std::to_string(++client.increments);
    start(cluster, client, std::move(operation));
    return;
  }
  const std::uint64_t kind = rng_.below(kMillion);
  operation.key = "k" + std::to_string(rng_.below(std::max<std::uint32_t>(spec_.keys, 1)));
  if (kind < spec_.reads.per_million) {
    operation.kind = OperationKind::kGet;
    operation.anywhere = is_drawn(spec_.follower_reads);
    if (operation.anywhere) client.server = static_cast<NodeId>(1 + kinds_.below(nodes_));
  } else if (kind < spec_.reads.per_million + spec_.deletes.per_million) {
    operation.kind = OperationKind::kDelete;
  } else {
    operation.kind = OperationKind::kSet;
    operation.value =
        "c" + std::to_string(client.number) + "-" + std::to_string(history_.size() + 1);
    if (is_drawn(spec_.expiring)) {
      const std::int64_t ms = kinds_.between(spec_.ttl / 10, spec_.ttl).ns / 1'000'000 + 1;
      operation.expires_after = milliseconds(ms);
      operation.value += "-for-" + std::to_string(ms) + "ms";
    }
    if (operation.value.size() < spec_.value_bytes) operation.value.resize(spec_.value_bytes, '.');
  }
  if (spec_.strays.per_million > 0 && rng_.below(kMillion) < spec_.strays.per_million)
    client.server = static_cast<NodeId>(1 + rng_.below(nodes_));
  start(cluster, client, std::move(operation));
}

void Clients::start(Cluster& cluster, Client& client, Operation operation) {
  operation.id = history_.size() + 1;
  operation.client = client.number;
  operation.called = cluster.now();
  client.operation = history_.size();
  history_.push_back(std::move(operation));
  codes_.emplace_back();
  client.patience = client.timeout / (is_increment(client) ? kIncrementTries : 1);
  ask_anew(cluster, client);
}

bool Clients::is_increment(const Client& client) const {
  return history_[*client.operation].kind == OperationKind::kIncrement;
}

/// With fresh patience; what comes of an earlier request is not heard any more.
void Clients::ask_anew(Cluster& cluster, Client& client) {
  requests_.erase(std::exchange(client.request, 0));
  client.give_up = cluster.now() + client.patience;
  client.patience = std::min(client.patience * 2, std::max(client.timeout, kLongestTry));
  ask(cluster, client);
}

void Clients::ask(Cluster& cluster, Client& client) {
  const Operation& operation = history_[*client.operation];
  client.request = cluster.next_request();
  requests_[client.request] = client.number - 1;
  cluster.record(client.server, ClientCalled{operation.id, client.number, operation.kind,
                                             operation.key, operation.value});
  cluster.send(client.server, request_of(client.request, operation, client.increments));
  arm_timeout(cluster, client);
}

void Clients::on_answer(Cluster& cluster, const Answer& answer) {
  const auto known = requests_.find(answer.request);
  if (known == requests_.end()) return;
  Client& client = clients_[known->second];
  requests_.erase(known);
  if (client.request != answer.request) return;
  client.request = 0;
  const bool increment = is_increment(client);
  const bool over =
      increment ? answer.ending == Ending::kOk : answer.ending != Ending::kRefused || !client.retry;
  if (over) {
    history_[*client.operation].read_at = answer.applied;
    end(cluster, client, answer.ending, std::string(answer.code),
        increment ? std::optional(answer.result) : answer.found);
    return;
  }
  // A definite refusal: the same operation may be asked again, elsewhere; an increment anyway.
  const bool redirected = answer.primary != kNoNode && answer.primary != client.server;
  if (redirected) {
    client.server = answer.primary;
  } else {
    try_next_node(client);
  }
  wake_at(cluster, client,
          redirected ? cluster.now() : std::min(client.give_up, cluster.now() + kBackOff));
}

/// In turn, whoever was asked in between: a stale redirect must not hide a node from the client.
void Clients::try_next_node(Client& client) {
  client.turn = static_cast<NodeId>(client.turn % nodes_ + 1);
  if (client.turn == client.server) client.turn = static_cast<NodeId>(client.turn % nodes_ + 1);
  client.server = client.turn;
}

void Clients::end(Cluster& cluster, Client& client, Ending ending, std::string code,
                  std::optional<std::string> found) {
  const std::size_t index = *client.operation;
  Operation& operation = history_[index];
  operation.ending = ending;
  operation.found = found;
  operation.returned = cluster.now();
  cluster.record(client.server,
                 ClientAnswered{operation.id, client.number, ending, code, std::move(found)});
  codes_[index] = std::move(code);
  ended_.push_back(index);
  client.operation.reset();
  requests_.erase(std::exchange(client.request, 0));
  if (client.scripted) {
    ++client.token;
  } else {
    wake_at(cluster, client, next_start(cluster));
  }
}

Instant Clients::next_start(const Cluster& cluster) {
  const Duration interval = seconds(spec_.clients) / std::max<std::int64_t>(spec_.rate, 1);
  return cluster.now() + rng_.between(interval / 2, interval + interval / 2);
}

/// Mostly one for each client, whatever the number of its operations: they end long before.
void Clients::arm_timeout(Cluster& cluster, Client& client) {
  if (client.timeout_at && *client.timeout_at <= client.give_up) return;
  client.timeout_at = client.give_up;
  const std::uint64_t data = kTimeout | (std::uint64_t{client.number - 1} << 32);
  cluster.set_alarm(client.give_up, {static_cast<std::uint32_t>(AlarmOwner::kClients), data});
}

void Clients::wake_at(Cluster& cluster, Client& client, Instant at) {
  const std::uint64_t data = (std::uint64_t{client.number - 1} << 32) | ++client.token;
  cluster.set_alarm(at, {static_cast<std::uint32_t>(AlarmOwner::kClients), data});
}

std::vector<std::size_t> Clients::take_ended() {
  return std::exchange(ended_, {});
}

}  // namespace kv::sim
