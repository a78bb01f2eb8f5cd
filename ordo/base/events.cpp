#include "ordo/base/events.h"

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/base/non_finite.h"

namespace ordo {
namespace {

class NullSink : public EventSink {
 public:
  void emit(const Event&) override {}
};

JsonObject body_to_json(const Progress& progress) {
  return {{"type", "progress"},
          {"task", progress.task},
          {"done", progress.done},
          {"total", progress.total},
          {"unit", progress.unit}};
}

JsonObject body_to_json(const Metric& metric) {
  return {
      {"type", "metric"}, {"name", metric.name}, {"step", metric.step}, {"value", metric.value}};
}

JsonObject body_to_json(const Result& result) {
  return {{"type", "result"}, {"values", result.values}};
}

JsonObject body_to_json(const Artifact& artifact) {
  return {{"type", "artifact"},
          {"path", artifact.path},
          {"name", artifact.name},
          {"media", artifact.type}};
}

JsonObject body_to_json(const Message& message) {
  return {{"type", "message"},
          {"level", message.level == Message::Level::warning ? "warning" : "info"},
          {"text", message.text}};
}

std::string text_or_empty(const Json& line, std::string_view key) {
  const Json* member = line.find(key);
  return member == nullptr ? std::string() : member->as_string(key);
}

double number_or_zero(const Json& line, std::string_view key) {
  const Json* member = line.find(key);
  return member == nullptr ? 0.0 : member->as_double(key);
}

}  // namespace

EventSink& null_sink() {
  static NullSink sink;
  return sink;
}

Json to_json(const Event& event) {
  JsonObject line{{"ordo", kEventVersion}};
  for (const JsonMember& member :
       std::visit([](const auto& body) { return body_to_json(body); }, event.body)) {
    line[member.key] = member.value;
  }
  if (!event.cell.empty()) line["cell"] = event.cell;
  return line;
}

Event event_from_json(const Json& line) {
  const std::int64_t version = line.at("ordo").as_int("ordo");
  if (version > kEventVersion) {
    throw InputError({}, fmt::format("event format {} is newer than {}, the newest known here",
                                     version, kEventVersion));
  }
  Event event;
  if (const Json* cell = line.find("cell")) event.cell = cell->as_object("cell");
  const std::string& type = line.at("type").as_string("type");
  if (type == "progress") {
    event.body = Progress{text_or_empty(line, "task"), number_or_zero(line, "done"),
                          number_or_zero(line, "total"), text_or_empty(line, "unit")};
  } else if (type == "metric") {
    event.body = Metric{line.at("name").as_string("name"), number_or_zero(line, "step"),
                        line.at("value").as_double("value")};
  } else if (type == "result") {
    event.body = Result{line.at("values").as_object("values")};
  } else if (type == "artifact") {
    event.body = Artifact{line.at("path").as_string("path"), text_or_empty(line, "name"),
                          text_or_empty(line, "media")};
  } else if (type == "message") {
    const bool warning = text_or_empty(line, "level") == "warning";
    event.body = Message{warning ? Message::Level::warning : Message::Level::info,
                         line.at("text").as_string("text")};
  } else {
    throw InputError({}, fmt::format("unknown event type '{}'; known are progress, metric, result, "
                                     "artifact, message",
                                     type));
  }
  return event;
}

std::optional<Event> parse_event_line(std::string_view line) {
  std::string_view rest = line;
  const auto take = [&rest](std::string_view token) {
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
    if (!rest.starts_with(token)) return false;
    rest.remove_prefix(token.size());
    return true;
  };
  if (!take("{") || !take("\"ordo\"") || !take(":")) return std::nullopt;
  return event_from_json(parse_json(quote_non_finite(line), "event"));
}

void DescriptorSink::emit(const Event& event) {
  std::string line = to_json(event).dump();
  line += '\n';
  write_all(descriptor_, line);  // if nobody listens any more, the work itself goes on
}

}  // namespace ordo
