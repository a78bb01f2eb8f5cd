#include "ordo/study/launcher.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ordo/base/worker.h"

namespace ordo::study {
namespace {

using Reason = ProcessExit::Reason;

constexpr double kGraceSeconds = 2;

std::vector<std::pair<std::string, std::string>> texts_of(const JsonObject& env) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const JsonMember& member : env) {
    texts.emplace_back(member.key, member.value.as_string("env/" + member.key));
  }
  return texts;
}

std::string identity_of(const trial::Job& job) {
  return Json(JsonObject{{"argv", Json::array_of(job.argv)},
                         {"env", job.env},
                         {"folder", job.folder.string()},
                         {"memory", job.memory_limit}})
      .dump();
}

void close_all(std::vector<int>& descriptors) {
  for (int descriptor : descriptors) ::close(descriptor);
  descriptors.clear();
}

}  // namespace

Launcher::~Launcher() { end_worker(); }

void Launcher::start(const trial::Job& job, std::vector<std::pair<std::string, std::string>> env,
                     const std::vector<DescriptorPass>& pass) {
  on_worker_ = job.kind == trial::CellKind::worker;
  if (!on_worker_) {
    end_worker();
    guardian_.start({job.argv, std::move(env), job.folder},
                    {.wall_seconds = job.time_limit,
                     .memory_bytes = job.memory_limit,
                     .output_bytes = 0,
                     .grace_seconds = kGraceSeconds},
                    pass);
    return;
  }
  if (!guardian_.running() || identity_of(job) != worker_identity_) start_worker(job);
  JsonObject variables;
  for (auto& [name, value] : env) variables[name] = std::move(value);
  pending_line_ =
      Json(JsonObject{{"ordo", 1},
                      {"id", ++id_},
                      {"arguments", Json::array_of(job.arguments)},
                      {"env", std::move(variables)},
                      {"folder",
                       std::filesystem::absolute(job.folder.empty() ? "." : job.folder).string()}})
          .dump() +
      "\n";
  std::array<int, kWorkerDescriptors> ordered{};
  ordered.fill(-1);
  for (const DescriptorPass& one : pass) ordered.at(static_cast<std::size_t>(one.there)) = one.here;
  for (int descriptor : ordered) {
    pending_descriptors_.push_back(descriptor >= 0 ? ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
                                                   : ::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  time_limit_ = job.time_limit;
  reason_ = Reason::exited;
  killed_ = false;
  worker_exit_.reset();
  started_ = Clock::now();
  if (ready_) send_job();
}

void Launcher::start_worker(const trial::Job& job) {
  end_worker();
  std::array<int, 2> control{}, output{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control.data()) != 0 ||
      ::pipe2(output.data(), O_CLOEXEC) != 0) {
    throw IoError::from_errno("make", "the sockets of a worker", errno);
  }
  control_ = control[0];
  output_ = output[0];
  ::fcntl(control_, F_SETFL, O_NONBLOCK);
  ::fcntl(output_, F_SETFL, O_NONBLOCK);
  constexpr int kThere = 4;
  auto env = texts_of(job.env);
  env.emplace_back("ORDO_WORKER_FD", std::to_string(kThere));
  try {
    guardian_.start({job.argv, std::move(env), job.folder}, {.memory_bytes = job.memory_limit},
                    {{control[1], kThere}, {output[1], 1}, {output[1], 2}});
  } catch (...) {
    ::close(control[1]);
    ::close(output[1]);
    throw;
  }
  ::close(control[1]);
  ::close(output[1]);
  worker_identity_ = identity_of(job);
}

// A worker leaves when its socket closes; one that does not is killed.
void Launcher::end_worker() {
  if (control_ >= 0) ::close(std::exchange(control_, -1));
  if (output_ >= 0) ::close(std::exchange(output_, -1));
  close_all(pending_descriptors_);
  if (guardian_.running()) {
    guardian_.stop();
    guardian_.wait();
  }
  ready_ = false;
  replies_.clear();
  worker_identity_.clear();
}

void Launcher::send_job() {
  send_with_descriptors(control_, pending_line_, pending_descriptors_);
  pending_line_.clear();
  close_all(pending_descriptors_);
}

void Launcher::read_worker() {
  std::array<char, 4096> block;  // NOLINT: filled by read
  ssize_t got = 0;
  while ((got = ::read(output_, block.data(), block.size())) > 0) {
    prints_.append({block.data(), static_cast<std::size_t>(got)});
  }
  while ((got = ::read(control_, block.data(), block.size())) > 0) {
    replies_.append(block.data(), static_cast<std::size_t>(got));
  }
  std::size_t newline = 0;
  while ((newline = replies_.find('\n')) != std::string::npos) {
    const std::string line = replies_.substr(0, newline);
    replies_.erase(0, newline + 1);
    take_reply(line);
  }
}

void Launcher::take_reply(const std::string& line) {
  const Json reply = parse_json(line, "a worker's reply");
  if (reply.find("ready") != nullptr) {
    ready_ = true;
    started_ = Clock::now();
    if (!pending_line_.empty()) send_job();
  } else if (reply.find("status") != nullptr && reply.at("id").as_int("id") == id_) {
    ProcessExit exit;
    exit.status = static_cast<int>(reply.at("status").as_int("status"));
    exit.signal = static_cast<int>(reply.at("signal").as_int("signal"));
    exit.wall_seconds = reply.at("wall").as_double("wall");
    exit.user_seconds = reply.at("user").as_double("user");
    exit.system_seconds = reply.at("system").as_double("system");
    exit.peak_memory = reply.at("peak_memory").as_int("peak_memory");
    exit.reason = reason_;
    if (reason_ == Reason::exited && exit.signal != 0) exit.reason = Reason::signalled;
    worker_exit_ = exit;
  }
}

void Launcher::watch_worker_time() {
  const auto now = Clock::now();
  const double elapsed = std::chrono::duration<double>(now - started_).count();
  if (reason_ == Reason::exited && time_limit_ > 0 && elapsed > time_limit_) {
    stop(Reason::time_limit);
  }
  if (reason_ != Reason::exited && now >= kill_at_ && !killed_) {
    killed_ = true;
    guardian_.stop(reason_);  // the worker cannot or will not end it: both go
  }
}

ProcessExit Launcher::worker_died(const ProcessExit& exit) const {
  ProcessExit told = exit;
  if (reason_ != Reason::exited) told.reason = reason_;
  if (told.reason == Reason::exited && told.status == 0) {
    told.reason = Reason::not_started;
    told.status = 127;
    told.error = "the worker ended without running it; does the program serve ORDO_WORKER_FD?";
  }
  return told;
}

std::optional<ProcessExit> Launcher::poll() {
  if (!on_worker_) return guardian_.poll();
  try {
    read_worker();
  } catch (const InputError& error) {
    prints_.append(fmt::format("[ordo] {}\n", error.what()));
    guardian_.stop();
  }
  if (!worker_exit_) watch_worker_time();
  if (worker_exit_) return std::exchange(worker_exit_, std::nullopt);
  if (const auto exit = guardian_.poll()) {
    read_worker();
    ProcessExit told = worker_exit_ ? *worker_exit_ : worker_died(*exit);
    end_worker();
    return told;
  }
  return std::nullopt;
}

void Launcher::stop(Reason reason) {
  if (!on_worker_) {
    guardian_.stop(reason);
    return;
  }
  if (reason_ != Reason::exited) return;
  reason_ = reason;
  kill_at_ = Clock::now() + std::chrono::milliseconds(static_cast<int>(1000 * kGraceSeconds));
  if (!ready_) {
    kill_at_ = Clock::now();
    return;
  }
  const std::string line = fmt::format("{{\"ordo\":1,\"stop\":{}}}\n", id_);
  [[maybe_unused]] const ssize_t sent = ::send(control_, line.data(), line.size(), MSG_NOSIGNAL);
}

void Launcher::append_descriptors(std::vector<int>& descriptors) const {
  descriptors.push_back(guardian_.descriptor());
  if (on_worker_ && control_ >= 0) {
    descriptors.push_back(control_);
    descriptors.push_back(output_);
  }
}

std::string Launcher::worker_output() { return std::exchange(prints_, HeadTail()).text(); }

}  // namespace ordo::study
