#include "worker_pool.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/check.h"
#include "wall_clock.h"

namespace kv::sim {
namespace {

volatile sig_atomic_t interrupted = 0;

void note_interruption(int) {
  interrupted = 1;
}

/// While it lives, the first Ctrl-C or SIGTERM is only noted, and the second one has its usual
/// effect. A write to a worker that died is no reason to end.
class SignalGuard {
 public:
  SignalGuard() {
    interrupted = 0;
    struct sigaction note {};
    note.sa_handler = note_interruption;
    note.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &note, &old_int_);
    sigaction(SIGTERM, &note, &old_term_);
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, &old_pipe_);
  }
  ~SignalGuard() {
    sigaction(SIGINT, &old_int_, nullptr);
    sigaction(SIGTERM, &old_term_, nullptr);
    sigaction(SIGPIPE, &old_pipe_, nullptr);
  }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

 private:
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
  struct sigaction old_pipe_ {};
};

bool write_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int fd, char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t got = read(fd, bytes, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

struct Pipe {
  int read_end{-1};
  int write_end{-1};

  bool open() {
    int ends[2] = {-1, -1};
    if (pipe(ends) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  void shut(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
  void shut() {
    shut(read_end);
    shut(write_end);
  }
};

/// A worker process as its parent sees it.
struct Worker {
  pid_t pid{-1};
  Pipe orders{};            ///< item numbers, 8 bytes each
  Pipe answers{};           ///< lines
  Pipe complaints{};        ///< its stderr
  std::string answer{};     ///< as far as it has come
  std::string complaint{};  ///< the end of it
  std::optional<std::uint64_t> item{};
  Instant began{};

  bool lives() const { return pid > 0; }
  void shut() {
    orders.shut();
    answers.shut();
    complaints.shut();
  }
};

[[noreturn]] void work(Job& job, const Worker& worker) {
  signal(SIGINT, SIG_IGN);           // Ctrl-C reaches the whole group; the parent decides
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // even amid a run that hangs
  signal(SIGTERM, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);  // else thousands of failures fill the disk
  dup2(worker.complaints.write_end, STDERR_FILENO);
  std::uint64_t item = 0;
  char order[sizeof item];
  while (read_all(worker.orders.read_end, order, sizeof order)) {
    std::memcpy(&item, order, sizeof item);
    const std::string line = job.run(item) + "\n";
    CHECK(line.find('\n') == line.size() - 1);
    if (!write_all(worker.answers.write_end, line.data(), line.size())) break;
  }
  _exit(0);
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of("\n\r ");
  if (end == std::string::npos) return {};
  const std::size_t newline = text.rfind('\n', end);
  const std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
  return text.substr(begin, end + 1 - begin);
}

class Pool {
 public:
  Pool(Job& job, ItemRange items, Collector& collector, const PoolOptions& options)
      : job_(job),
        items_(items),
        collector_(collector),
        options_(options),
        began_(wall_now()),
        workers_(options.jobs) {}
  ~Pool() {
    for (Worker& worker : workers_) end(worker, SIGKILL);
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  Result<PoolEnd> run();

 private:
  bool begin(Worker& worker);
  void end(Worker& worker, int signal);
  bool hand_out();
  void wait_for_news();
  void hear(Worker& worker);
  void bury(Worker& worker);
  void end_those_that_hang();
  bool left() const {
    return items_.first < items_.end && !collector_.enough() &&
           !(options_.time && wall_now() - began_ >= *options_.time);
  }

  Job& job_;
  ItemRange items_;  ///< first is the next one
  Collector& collector_;
  PoolOptions options_;
  Instant began_;
  std::vector<Worker> workers_;
};

bool Pool::begin(Worker& worker) {
  worker = {};
  if (!worker.orders.open() || !worker.answers.open() || !worker.complaints.open()) {
    worker.shut();
    return false;
  }
  worker.pid = fork();
  if (worker.pid < 0) {
    worker.shut();
    return false;
  }
  if (worker.pid == 0) {
    // A worker ends when its orders do: so nobody else may hold the other end of that pipe.
    for (Worker& other : workers_) {
      if (&other != &worker) other.shut();
    }
    worker.orders.shut(worker.orders.write_end);
    worker.answers.shut(worker.answers.read_end);
    worker.complaints.shut(worker.complaints.read_end);
    work(job_, worker);
  }
  worker.orders.shut(worker.orders.read_end);
  worker.answers.shut(worker.answers.write_end);
  worker.complaints.shut(worker.complaints.write_end);
  fcntl(worker.answers.read_end, F_SETFL, O_NONBLOCK);
  fcntl(worker.complaints.read_end, F_SETFL, O_NONBLOCK);
  return true;
}

void Pool::end(Worker& worker, int signal) {
  if (!worker.lives()) return;
  kill(worker.pid, signal);
  while (waitpid(worker.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  worker.shut();
  worker.pid = -1;
}

/// Appends what can be read now. False at the end.
bool read_available(int fd, std::string& text) {
  char buffer[4096];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got > 0) {
      text.append(buffer, static_cast<std::size_t>(got));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    return got < 0 && errno == EAGAIN;
  }
}

void Pool::bury(Worker& worker) {
  read_available(worker.complaints.read_end, worker.complaint);
  int status = 0;
  while (waitpid(worker.pid, &status, 0) < 0 && errno == EINTR) {
  }
  worker.pid = -1;
  worker.shut();
  if (!worker.item) return;
  std::string words = last_line(worker.complaint);
  if (words.empty() && WIFSIGNALED(status)) {
    words = "its process was ended by signal " + std::to_string(WTERMSIG(status)) + " (" +
            strsignal(WTERMSIG(status)) + ")";
  } else if (words.empty()) {
    words = "its process ended with exit code " + std::to_string(WEXITSTATUS(status));
  }
  const std::uint64_t item = *worker.item;
  worker.item.reset();
  collector_.lost(item, words);
}

void Pool::hear(Worker& worker) {
  constexpr std::size_t kEnoughComplaint = 64 << 10;
  read_available(worker.complaints.read_end, worker.complaint);
  if (worker.complaint.size() > kEnoughComplaint) {
    worker.complaint.erase(0, worker.complaint.size() - kEnoughComplaint / 2);
  }
  const bool open = read_available(worker.answers.read_end, worker.answer);
  if (worker.item && worker.answer.ends_with('\n')) {
    worker.answer.pop_back();
    const std::uint64_t item = *worker.item;
    worker.item.reset();
    collector_.take(item, worker.answer);
    worker.answer.clear();
    worker.complaint.clear();
  }
  if (!open) bury(worker);
}

/// Gives every idle worker the next item. False if no process can be had.
bool Pool::hand_out() {
  bool any = false;
  for (Worker& worker : workers_) {
    if (left() && !worker.item && (worker.lives() || begin(worker))) {
      const std::uint64_t item = items_.first;
      items_.first += items_.step;
      worker.item = item;
      worker.began = wall_now();
      char order[sizeof item];
      std::memcpy(order, &item, sizeof item);
      // If this fails, the worker has died, and hear() finds out.
      write_all(worker.orders.write_end, order, sizeof order);
    }
    any = any || worker.item.has_value();
  }
  return any || !left();
}

void Pool::wait_for_news() {
  constexpr int kTickMs = 100;
  std::vector<pollfd> fds;
  std::vector<Worker*> owners;
  for (Worker& worker : workers_) {
    if (!worker.lives()) continue;
    for (const int fd : {worker.answers.read_end, worker.complaints.read_end}) {
      fds.push_back({fd, POLLIN, 0});
      owners.push_back(&worker);
    }
  }
  if (poll(fds.data(), fds.size(), kTickMs) <= 0) return;
  for (std::size_t i = 0; i < fds.size(); i += 2) {
    if (fds[i].revents != 0 || fds[i + 1].revents != 0) hear(*owners[i]);
  }
}

void Pool::end_those_that_hang() {
  for (Worker& worker : workers_) {
    if (!worker.item || wall_now() - worker.began < options_.patience) continue;
    const std::uint64_t item = *worker.item;
    end(worker, SIGKILL);
    worker.item.reset();
    collector_.lost(item, "it had not ended after " +
                              std::to_string(options_.patience.ns / 1'000'000'000) +
                              " s of real time and was stopped");
  }
}

Result<PoolEnd> Pool::run() {
  while (true) {
    if (interrupted != 0) return PoolEnd{true, wall_now() - began_};
    if (!hand_out()) {
      return Error{std::string("No worker process can be started: ") + std::strerror(errno) +
                   ". Take fewer --jobs or allow this user more processes."};
    }
    bool busy = false;
    for (const Worker& worker : workers_) busy = busy || worker.item.has_value();
    if (!busy) return PoolEnd{false, wall_now() - began_};
    wait_for_news();
    end_those_that_hang();
    collector_.tick(wall_now() - began_);
  }
}

}  // namespace

Result<PoolEnd> run_in_workers(Job& job, ItemRange items, Collector& collector,
                               const PoolOptions& options) {
  CHECK(options.jobs > 0 && items.step > 0);
  const SignalGuard guard;
  return Pool(job, items, collector, options).run();
}

std::uint32_t core_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::uint32_t>(CPU_COUNT(&set));
}

}  // namespace kv::sim
