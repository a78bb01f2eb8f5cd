// One place where a cell runs: a guardian with either a process for each cell, or a worker that
// stays and forks for each (docs/events.md, "Workers").
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ordo/base/process.h"
#include "ordo/trial/cell.h"

namespace ordo::study {

class Launcher {
 public:
  Launcher() = default;
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;
  ~Launcher();

  /// Starts a job with `env` on top of the runner's environment and the descriptors `pass` (0 to
  /// 3 of a worker's cell). Throws IoError if its command is not there.
  void start(const trial::Job& job, std::vector<std::pair<std::string, std::string>> env,
             const std::vector<DescriptorPass>& pass);
  /// How the job ended, once.
  std::optional<ProcessExit> poll();
  void stop(ProcessExit::Reason reason);
  /// Appends what to poll(2) for.
  void append_descriptors(std::vector<int>& descriptors) const;
  /// What a worker printed outside its cells since it was last asked.
  std::string worker_output();

 private:
  using Clock = std::chrono::steady_clock;
  void start_worker(const trial::Job& job);
  void end_worker();
  void send_job();
  void read_worker();
  void take_reply(const std::string& line);
  void watch_worker_time();
  ProcessExit worker_died(const ProcessExit& exit) const;

  Guardian guardian_;
  bool on_worker_ = false;  // the current job is a worker's

  // The worker that is loaded, if any.
  std::string worker_identity_;
  int control_ = -1, output_ = -1;
  std::string replies_;
  HeadTail prints_;
  bool ready_ = false;

  // The current job of the worker.
  std::string pending_line_;
  std::vector<int> pending_descriptors_;  // ours until they are sent
  std::int64_t id_ = 0;
  double time_limit_ = 0;
  Clock::time_point started_, kill_at_;
  ProcessExit::Reason reason_ = ProcessExit::Reason::exited;
  bool killed_ = false;
  std::optional<ProcessExit> worker_exit_;
};

}  // namespace ordo::study
