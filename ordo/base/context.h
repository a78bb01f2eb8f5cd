// What a library function needs of its surroundings, handed in so that it need not look for it:
// the library never prints, never exits and never reads the environment.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "ordo/base/events.h"
#include "ordo/base/random.h"

namespace ordo {

/// Tells work to stop; copies share the flag. A token that nobody can set is never stopped.
class StopToken {
 public:
  StopToken() = default;
  bool stop_requested() const { return flag_ && flag_->load(std::memory_order_relaxed); }

 private:
  friend class StopSource;
  explicit StopToken(std::shared_ptr<const std::atomic<bool>> flag) : flag_(std::move(flag)) {}
  std::shared_ptr<const std::atomic<bool>> flag_;
};

/// The other end of a StopToken. `request_stop` may be called from a signal handler.
class StopSource {
 public:
  StopSource() : flag_(std::make_shared<std::atomic<bool>>(false)) {}
  void request_stop() { flag_->store(true, std::memory_order_relaxed); }
  StopToken token() const { return StopToken(flag_); }

 private:
  static_assert(std::atomic<bool>::is_always_lock_free);
  std::shared_ptr<std::atomic<bool>> flag_;
};

struct Context {
  EventSink* events = &null_sink();  ///< never null
  StopToken stop;                    ///< work polls it at least every tenth of a second
  Random random{0};                  ///< the run's stream; split it, don't share it
  std::string device = "cpu";        ///< "cpu", "cuda", "cuda:1"
  int threads = 1;                   ///< at least 1
  std::filesystem::path temp_folder = std::filesystem::temp_directory_path();

  void progress(const std::string& task, double done, double total, const std::string& unit = {});
  void metric(const std::string& name, double step, double value);
  void result(JsonObject values);
  void artifact(const std::string& path, const std::string& name = {},
                const std::string& type = {});
  void info(const std::string& text);
  void warn(const std::string& text);

  /// Throws Interrupted once a stop was asked for.
  void check_stop() const {
    if (stop.stop_requested()) throw Interrupted();
  }
};

}  // namespace ordo
