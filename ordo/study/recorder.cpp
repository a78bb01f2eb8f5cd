#include "ordo/study/recorder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/non_finite.h"

namespace ordo::study {
namespace {

using State = CellOutcome::State;

constexpr int kMaxNotes = 20;  // a program that gets every line wrong must not fill its log with us

// Whether every key column of an event agrees with the cell.
bool matches(const trial::Cell& cell, const JsonObject& columns) {
  return std::all_of(columns.begin(), columns.end(), [&cell](const JsonMember& column) {
    if (column.key == "variant") return column.value == Json(cell.variant);
    if (column.key == "seed") return column.value == Json(cell.seed);
    if (column.key == "key") return column.value == Json(cell.key);
    const Json* param = cell.params.find(column.key);
    return param != nullptr && *param == column.value;
  });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<JsonObject> object_in(std::string_view text) {
  if (text.empty() || text.front() != '{' || text.back() != '}') return std::nullopt;
  try {
    return parse_json(quote_non_finite(text)).as_object();
  } catch (const InputError&) {
    return std::nullopt;
  }
}

State state_of(const ProcessExit& exit) {
  switch (exit.reason) {
    case ProcessExit::Reason::exited:
      return exit.status == 0 ? State::done : State::failed;
    case ProcessExit::Reason::signalled:
      return State::crashed;
    case ProcessExit::Reason::time_limit:
      return State::time_limit;
    case ProcessExit::Reason::memory_limit:
      return State::memory_limit;
    case ProcessExit::Reason::output_limit:
      return State::output_limit;
    case ProcessExit::Reason::stopped:
    case ProcessExit::Reason::lost:
      return State::interrupted;
    case ProcessExit::Reason::not_started:
      return State::failed;
  }
  return State::failed;
}

store::Status status_of(State state) {
  switch (state) {
    case State::done:
      return store::Status::done;
    case State::time_limit:
      return store::Status::timeout;
    case State::interrupted:
      return store::Status::killed;
    default:
      return store::Status::failed;
  }
}

}  // namespace

Recorder::Recorder(store::Store& store, RunObserver& observer, const RunOptions& options,
                   trial::CellKind kind, std::vector<OpenRun> runs, std::filesystem::path folder)
    : store_(store),
      observer_(observer),
      kind_(kind),
      runs_(std::move(runs)),
      folder_(std::move(folder)),
      log_(options.log_head, options.log_tail),
      prints_(0, kMaxLine),
      reported_(runs_.size(), false) {}

void Recorder::take_output(std::string_view bytes) {
  printed_ += static_cast<std::int64_t>(bytes.size());
  output_.append(bytes, [this](std::string_view line) { take_line(line, Origin::output); });
  flush_points();
}

void Recorder::take_errors(std::string_view bytes) {
  printed_ += static_cast<std::int64_t>(bytes.size());
  log_.append(bytes);
}

void Recorder::take_events(std::string_view bytes) {
  events_.append(bytes, [this](std::string_view line) { take_line(line, Origin::events); });
  flush_points();
}

void Recorder::take_line(std::string_view line, Origin origin) {
  try {
    if (const auto event = parse_event_line(line)) {
      take_event(*event);
      return;
    }
    if (origin == Origin::events) note("expected an event, found other text:");
  } catch (const InputError& error) {
    note(fmt::format("{}:", error.what()));
  }
  log_.append(line);
  if (origin == Origin::output) prints_.append(line);
}

void Recorder::note(const std::string& text) {
  if (++notes_ <= kMaxNotes) log_.append(fmt::format("[ordo] {}\n", text));
}

std::optional<std::size_t> Recorder::owner(const Event& event) {
  if (kind_ != trial::CellKind::many) return 0;
  if (event.cell.empty()) {
    note("an event of a process of many cells lacks its \"cell\" and is not recorded");
    return std::nullopt;
  }
  const auto [found, is_new] = owners_.try_emplace(Json(event.cell).dump());
  if (!is_new) return found->second;
  int count = 0;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    if (!matches(*runs_[i].cell, event.cell)) continue;
    found->second = i;
    ++count;
  }
  if (count != 1) {
    found->second.reset();
    note(fmt::format("\"cell\":{} names {} of the {} cells that were asked for; not recorded",
                     found->first, count == 0 ? "none" : "several", runs_.size()));
  }
  return found->second;
}

void Recorder::take_event(const Event& event) {
  if (const auto* message = std::get_if<Message>(&event.body)) {
    log_.append(message->text + "\n");
    if (kind_ == trial::CellKind::many) return;
  }
  if (kind_ == trial::CellKind::many && event.cell.empty() &&
      std::holds_alternative<Progress>(event.body)) {
    return;
  }
  const auto index = owner(event);
  if (!index) return;
  const OpenRun& open = runs_[*index];
  if (const auto* metric = std::get_if<Metric>(&event.body)) {
    Points& points = points_[{*index, metric->name}];
    points.steps.push_back(metric->step);
    points.values.push_back(metric->value);
    reported_[*index] = true;
  } else if (const auto* result = std::get_if<Result>(&event.body)) {
    store_.put_results(open.run, result->values);
    reported_[*index] = true;
    has_result_ = true;
  } else if (const auto* artifact = std::get_if<Artifact>(&event.body)) {
    take_artifact(*index, *artifact);
  } else if (std::holds_alternative<Progress>(event.body)) {
    store_.set_progress(open.run, to_json(event).as_object());
  }
  observer_.cell_event(*open.cell, event);
}

void Recorder::take_artifact(std::size_t index, const Artifact& artifact) {
  const std::filesystem::path file = folder_ / artifact.path;
  if (!std::filesystem::is_regular_file(file)) {
    note(fmt::format("there is no file '{}' to keep", file.string()));
    return;
  }
  store_.add_artifact(runs_[index].run, file,
                      artifact.name.empty() ? file.filename().string() : artifact.name,
                      artifact.type);
}

void Recorder::flush_points() {
  for (auto& [series, points] : points_) {
    if (points.steps.empty()) continue;
    store_.add_points(runs_[series.first].run, series.second, points.steps, points.values);
    points.steps.clear();
    points.values.clear();
  }
}

// A program may print its result as one JSON object: all that it prints, or the last line of it.
JsonObject Recorder::final_object() const {
  const std::string_view text = trim(prints_.tail());
  if (prints_.total() == static_cast<std::int64_t>(prints_.tail().size())) {
    if (auto object = object_in(text)) return *object;
  }
  return object_in(trim(text.substr(text.rfind('\n') + 1))).value_or(JsonObject());
}

CellOutcome Recorder::outcome_of(std::size_t index, const ProcessExit& exit) const {
  CellOutcome outcome;
  outcome.state = state_of(exit);
  outcome.seconds = exit.wall_seconds;
  if (outcome.state != State::done) outcome.reason = to_string(exit);
  if (outcome.state == State::done && kind_ == trial::CellKind::many && !reported_[index]) {
    outcome.state = State::failed;
    outcome.reason = "the process ended well but reported nothing for this cell";
  }
  return outcome;
}

void Recorder::record_end(std::size_t index, const ProcessExit& exit, const CellOutcome& outcome) {
  store::RunEnd end;
  end.status = status_of(outcome.state);
  if (exit.signal != 0)
    end.signal = exit.signal;
  else
    end.exit_status = exit.status;
  end.wall_seconds = exit.wall_seconds;
  end.cpu_seconds = exit.user_seconds + exit.system_seconds;
  end.peak_memory = exit.peak_memory;
  end.log_head = escape_invalid_utf8(log_.head());
  end.log_tail = escape_invalid_utf8(log_.tail());
  end.log_bytes = log_.total();
  end.reason = outcome.reason;
  if (kind_ != trial::CellKind::many && !has_result_) end.results = final_object();
  store_.finish(runs_[index].run, end);
}

Recorder::Counts Recorder::finish(const ProcessExit& exit, int attempt, bool last) {
  output_.finish([this](std::string_view line) { take_line(line, Origin::output); });
  events_.finish([this](std::string_view line) { take_line(line, Origin::events); });
  flush_points();
  Counts counts;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    CellOutcome outcome = outcome_of(i, exit);
    record_end(i, exit, outcome);
    outcome.attempt = attempt;
    outcome.last = last || outcome.state == State::done || outcome.state == State::interrupted;
    if (outcome.state == State::done)
      ++counts.done;
    else if (outcome.state == State::interrupted)
      ++counts.interrupted;
    else
      ++counts.failed;
    observer_.cell_finished(*runs_[i].cell, outcome);
  }
  return counts;
}

}  // namespace ordo::study
