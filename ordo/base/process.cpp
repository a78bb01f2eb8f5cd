// The parent's side of guardians, and what one does with one process: run it and keep its output.

#include "ordo/base/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ordo/base/file.h"
#include "ordo/base/guardian.h"
#include "ordo/base/options.h"
#include "ordo/base/pipe.h"

namespace ordo {
namespace {

using Reason = ProcessExit::Reason;

std::vector<std::string> full_environment(const Command& command) {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.insert_or_assign(std::string(text.substr(0, equals)),
                               std::string(text.substr(equals + 1)));
  }
  for (const auto& [name, value] : command.env) variables.insert_or_assign(name, value);
  std::vector<std::string> lines;
  lines.reserve(variables.size());
  for (const auto& [name, value] : variables) lines.push_back(fmt::format("{}={}", name, value));
  return lines;
}

// A text of the request: none may hold a zero byte, which would end it early.
void append_text(std::string& texts, const std::string& text, const char* what) {
  if (text.find('\0') != std::string::npos) {
    throw UsageError(fmt::format("{} holds a zero byte: '{}'", what, escape_invalid_utf8(text)));
  }
  texts += text;
  texts += '\0';
}

void send_request(int socket, const guardian_detail::Request& request, const std::string& texts,
                  const std::vector<DescriptorPass>& pass) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * guardian_detail::kMaxPassed)>
      control{};
  std::array<int, guardian_detail::kMaxPassed> descriptors{};
  for (std::size_t i = 0; i < pass.size(); ++i) descriptors[i] = pass[i].here;
  iovec header{const_cast<guardian_detail::Request*>(&request), sizeof request};
  msghdr message{};
  message.msg_iov = &header;
  message.msg_iovlen = 1;
  if (!pass.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * pass.size());
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int) * pass.size());
    std::memcpy(CMSG_DATA(part), descriptors.data(), sizeof(int) * pass.size());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent != sizeof request) throw IoError::from_errno("reach", "process guardian", errno);
  std::string_view rest = texts;
  while (!rest.empty()) {
    sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) throw IoError::from_errno("reach", "process guardian", errno);
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

ProcessExit exit_from(const guardian_detail::Reply& reply) {
  ProcessExit exit;
  exit.reason = static_cast<Reason>(reply.reason);
  if (exit.reason == Reason::not_started) {
    exit.error = reply.error == ENOEXEC ? "not a program for this machine, and no #! line"
                                        : std::strerror(reply.error);
    exit.status = 127;
    return exit;
  }
  if (WIFSIGNALED(reply.wait_status)) {
    exit.signal = WTERMSIG(reply.wait_status);
    exit.status = 128 + exit.signal;
  } else {
    exit.status = WEXITSTATUS(reply.wait_status);
  }
  exit.wall_seconds = reply.wall_seconds;
  exit.user_seconds = reply.user_seconds;
  exit.system_seconds = reply.system_seconds;
  exit.peak_memory = reply.peak_memory;
  return exit;
}

}  // namespace

std::string to_string(const ProcessExit& exit) {
  switch (exit.reason) {
    case Reason::exited:
      return fmt::format("exited with status {}", exit.status);
    case Reason::signalled:
      return fmt::format("killed by signal {} ({})", exit.signal, ::strsignal(exit.signal));
    case Reason::time_limit:
      return fmt::format("stopped after {:.3g} s, its time limit", exit.wall_seconds);
    case Reason::memory_limit:
      return "stopped because it used more memory than its limit";
    case Reason::output_limit:
      return "stopped because it printed more than its limit";
    case Reason::stopped:
      return "stopped by request";
    case Reason::not_started:
      return "could not be started: " + exit.error;
    case Reason::lost:
      return "lost: the process that guarded it was killed";
  }
  return {};
}

// ---- Guardian ----

Guardian::Guardian() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw IoError::from_errno("make", "a socket for a process guardian", errno);
  }
  pid_ = ::fork();
  if (pid_ == 0) guardian_detail::serve(ends[1]);
  const int reason = errno;
  ::close(ends[1]);
  socket_ = ends[0];
  if (pid_ < 0) {
    ::close(socket_);
    throw IoError::from_errno("fork", "process guardian", reason);
  }
}

Guardian::Guardian(Guardian&& other) noexcept { *this = std::move(other); }

Guardian& Guardian::operator=(Guardian&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(pid_, other.pid_);
  std::swap(running_, other.running_);
  std::swap(started_, other.started_);
  return *this;
}

Guardian::~Guardian() { close(); }

void Guardian::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  if (pid_ > 0) {
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }
  running_ = false;
}

void Guardian::start(const Command& command, const ProcessLimits& limits,
                     const std::vector<DescriptorPass>& pass) {
  if (running_) throw UsageError("a guardian runs one process at a time");
  if (socket_ < 0) *this = Guardian();
  if (command.argv.empty()) throw UsageError("expected a command, found no words");
  if (pass.size() > guardian_detail::kMaxPassed) {
    throw UsageError(fmt::format("at most {} descriptors can be passed, not {}",
                                 guardian_detail::kMaxPassed, pass.size()));
  }
  guardian_detail::Request request{};
  std::string texts;
  append_text(texts, find_program(command).string(), "a program's name");
  append_text(texts, std::filesystem::absolute(command.folder.empty() ? "." : command.folder),
              "a folder's name");
  for (const std::string& word : command.argv) append_text(texts, word, "an argument");
  const std::vector<std::string> environment = full_environment(command);
  for (const std::string& line : environment) append_text(texts, line, "the environment");
  request.size = static_cast<std::uint32_t>(texts.size());
  request.arguments = static_cast<std::uint32_t>(command.argv.size());
  request.variables = static_cast<std::uint32_t>(environment.size());
  request.passed = static_cast<std::uint32_t>(pass.size());
  for (std::size_t i = 0; i < pass.size(); ++i) {
    if (pass[i].there < 0 || pass[i].there >= guardian_detail::kMaxDescriptor) {
      throw UsageError(fmt::format("a passed descriptor's number must be below {}, not {}",
                                   guardian_detail::kMaxDescriptor, pass[i].there));
    }
    request.there[i] = pass[i].there;
  }
  request.wall_seconds = limits.wall_seconds;
  request.grace_seconds = limits.grace_seconds;
  request.memory_bytes = limits.memory_bytes;
  send_request(socket_, request, texts, pass);
  started_ = std::chrono::steady_clock::now();
  running_ = true;
}

std::optional<ProcessExit> Guardian::poll() {
  if (!running_) return std::nullopt;
  guardian_detail::Reply reply{};
  const ssize_t got = ::recv(socket_, &reply, sizeof reply, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  running_ = false;
  if (got == sizeof reply) return exit_from(reply);
  close();
  ProcessExit exit;
  exit.reason = Reason::lost;
  exit.status = 137;
  exit.wall_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  return exit;
}

ProcessExit Guardian::wait() {
  if (!running_) throw UsageError("nothing to wait for: the guardian runs no process");
  while (true) {
    if (auto exit = poll()) return *exit;
    pollfd ready{socket_, POLLIN, 0};
    ::poll(&ready, 1, -1);
  }
}

void Guardian::stop(Reason reason) {
  if (!running_) return;
  guardian_detail::Request request{};
  request.reason = static_cast<std::int32_t>(reason);
  // A guardian that is gone shows itself to `poll`.
  [[maybe_unused]] const ssize_t sent = ::send(socket_, &request, sizeof request, MSG_NOSIGNAL);
}

// ---- one process ----

ProcessOutput run_process(const Command& command, const ProcessLimits& limits,
                          std::string_view input, const StopToken& stop) {
  Pipe out, err;
  std::vector<DescriptorPass> pass{{out.write_end(), 1}, {err.write_end(), 2}};
  const InputFile stdin_file(input);
  if (!input.empty()) pass.push_back({stdin_file.descriptor(), 0});
  Guardian guardian;
  guardian.start(command, limits, pass);
  out.close_write();
  err.close_write();

  HeadTail out_text, err_text;
  std::vector<char> block(1 << 16);
  std::optional<ProcessExit> exit;
  while (!exit || out.read_end() >= 0 || err.read_end() >= 0) {
    std::array<pollfd, 3> ready{{{out.read_end(), POLLIN, 0},
                                 {err.read_end(), POLLIN, 0},
                                 {exit ? -1 : guardian.descriptor(), POLLIN, 0}}};
    // After the end nobody is left to write: what is in the pipes is all there will be.
    const int changed = ::poll(ready.data(), ready.size(), exit ? 0 : 50);
    if (exit && changed == 0) break;
    if (ready[0].revents != 0) out.drain(block, [&](auto bytes) { out_text.append(bytes); });
    if (ready[1].revents != 0) err.drain(block, [&](auto bytes) { err_text.append(bytes); });
    if (limits.output_bytes > 0 && out_text.total() + err_text.total() > limits.output_bytes) {
      guardian.stop(Reason::output_limit);
    }
    if (stop.stop_requested()) guardian.stop(Reason::stopped);
    if (!exit) exit = guardian.poll();
  }
  if (exit->reason == Reason::stopped) throw Interrupted();
  if (exit->reason == Reason::not_started) {
    throw IoError(fmt::format("cannot start '{}': {}", command.argv[0], exit->error));
  }
  return {*exit, out_text.text(), err_text.text()};
}

InputFile::InputFile(std::string_view text) : descriptor_(::memfd_create("input", MFD_CLOEXEC)) {
  if (descriptor_ < 0) throw IoError::from_errno("make", "a process's standard input", errno);
  if (const int reason = write_all(descriptor_, text); reason != 0) {
    ::close(descriptor_);
    throw IoError::from_errno("fill", "a process's standard input", reason);
  }
  ::lseek(descriptor_, 0, SEEK_SET);
}

InputFile::~InputFile() { ::close(descriptor_); }

// ---- finding programs ----

namespace {

namespace fs = std::filesystem;

std::vector<std::string> folders_of(std::string_view path) {
  std::vector<std::string> folders;
  while (true) {
    const std::size_t colon = path.find(':');
    folders.emplace_back(path.substr(0, colon));
    if (folders.back().empty()) folders.back() = ".";
    if (colon == std::string_view::npos) return folders;
    path.remove_prefix(colon + 1);
  }
}

bool is_program(const fs::path& file) {
  std::error_code ignored;
  return ::access(file.c_str(), X_OK) == 0 && fs::is_regular_file(file, ignored);
}

// A sentence that names the nearest of the candidates, or nothing.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& folders) {
  std::vector<std::string> names;
  for (const std::string& folder : folders) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      if (is_program(entry.path())) names.push_back(entry.path().filename());
    }
  }
  const auto near = nearest(name, names);
  return near ? fmt::format("; did you mean '{}'?", *near) : "";
}

}  // namespace

fs::path find_program(const std::string& name, const fs::path& folder, std::string_view path) {
  const fs::path base = folder.empty() ? fs::current_path() : fs::absolute(folder);
  if (name.find('/') != std::string::npos) {
    const fs::path file = (base / name).lexically_normal();
    if (is_program(file)) return file;
    if (fs::is_directory(file)) throw IoError(fmt::format("'{}' is a folder, not a program", name));
    if (fs::exists(file)) {
      throw IoError(fmt::format("'{}' is not executable; 'chmod +x' makes it so", name));
    }
    throw IoError(fmt::format("there is no program '{}'{}", file.string(),
                              did_you_mean(file.filename(), {file.parent_path()})));
  }
  const std::vector<std::string> folders = folders_of(path);
  for (const std::string& place : folders) {
    const fs::path file = base / place / name;
    if (is_program(file)) return file;
  }
  throw IoError(
      fmt::format("there is no command '{}' in PATH{}", name, did_you_mean(name, folders)));
}

fs::path find_program(const Command& command) {
  const char* inherited = ::getenv("PATH");
  std::string path = inherited != nullptr ? inherited : "/usr/local/bin:/usr/bin:/bin";
  for (const auto& [name, value] : command.env) {
    if (name == "PATH") path = value;
  }
  return find_program(command.argv.at(0), command.folder, path);
}

}  // namespace ordo
