// What long work says while it runs. One event is one line of JSON on the wire (docs/events.md):
//   {"ordo":1,"type":"metric","name":"acc","step":3,"value":0.97,"cell":{"variant":"sp","seed":1}}
// `cell` is only there when one process reports several cells of a study.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "ordo/base/json.h"

namespace ordo {

/// Version of the event format that this library writes, and the newest that it reads.
inline constexpr int kEventVersion = 1;

/// How far a task has come.
struct Progress {
  std::string task;  ///< "training", "reading shards"
  double done = 0;   ///< in `unit`s
  double total = 0;  ///< 0: unknown
  std::string unit;  ///< "steps", "rows"; may be empty
};

/// One point of a series.
struct Metric {
  std::string name;
  double step = 0;
  double value = 0;
};

/// Final numbers and texts; later results overwrite equal keys of earlier ones.
struct Result {
  JsonObject values;
};

/// A file worth keeping.
struct Artifact {
  std::string path;  ///< relative paths start at the process's working folder
  std::string name;  ///< what it is called in the store; default: the file's name
  std::string type;  ///< media type, or empty
};

/// A line for the person who watches.
struct Message {
  enum class Level { info, warning } level = Level::info;
  std::string text;
};

struct Event {
  std::variant<Progress, Metric, Result, Artifact, Message> body;
  JsonObject cell;  ///< key columns of the cell it belongs to; empty: the process's own
};

/// Takes events, from any thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(const Event& event) = 0;
};

/// The sink that forgets everything.
EventSink& null_sink();

Json to_json(const Event& event);
/// Throws InputError on an unknown type, a missing member, or a version newer than kEventVersion.
Event event_from_json(const Json& line);
/// The event in a line of a program's output: nullopt if the line does not begin with {"ordo":
/// (spaces allowed). Bare NaN and Infinity, which Python's json module writes, are accepted.
/// Throws InputError if the line claims to be an event and is not one.
std::optional<Event> parse_event_line(std::string_view line);

/// Writes each event as one line to a descriptor with a single write(2), so that lines of several
/// processes do not mix. Does not own the descriptor.
class DescriptorSink : public EventSink {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}
  void emit(const Event& event) override;

 private:
  int descriptor_;
};

}  // namespace ordo
