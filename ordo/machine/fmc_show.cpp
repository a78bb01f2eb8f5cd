#include "ordo/machine/fmc_show.h"

#include <fmt/format.h>

namespace ordo::machine::fmc {
namespace {

Json memory_json(const Terms& terms, const MemoryText& memory) {
  Json object = Json::object();
  for (const MemoryEntry& entry : memory) {
    Json values = Json::array();
    for (const TermId value : entry.values) values.push_back(print(terms, value));
    object[entry.location == kMain ? "main" : terms.text(entry.location)] = std::move(values);
  }
  return object;
}

// Where the run ended, if that was in a text and is not its regular end.
std::string place_of(const SourceMap& sources, const RunResult& result) {
  const bool regular = result.status == Status::exit && result.exit == kSkip;
  if (regular || result.status == Status::limit || result.place == Span{}) return {};
  return sources.locate(result.place).to_string();
}

}  // namespace

std::string outcome_line(const Terms& terms, const SourceMap& sources, const RunResult& result) {
  const std::string place = place_of(sources, result);
  if (result.status == Status::limit)
    return fmt::format("limit: {} after {} steps", result.reason, result.steps);
  if (result.status == Status::stuck)
    return "stuck: " + result.reason + (place.empty() ? "" : ", at " + place);
  return "exit " + terms.text(result.exit) + (place.empty() ? "" : ", from " + place);
}

std::string outcome_text(const Terms& terms, const SourceMap& sources, const RunResult& result) {
  const std::string memory = print_memory(terms, result.memory);
  return outcome_line(terms, sources, result) + "\n" + (memory.empty() ? "" : "  " + memory + "\n");
}

Json outcome_json(const Terms& terms, const SourceMap& sources, const RunResult& result) {
  const char* kinds[] = {"exit", "stuck", "limit"};
  Json json = Json::object({{"status", kinds[static_cast<int>(result.status)]},
                            {"steps", result.steps},
                            {"memory", memory_json(terms, result.memory)}});
  if (result.status == Status::exit)
    json["exit"] = terms.text(result.exit);
  else
    json["reason"] = result.reason;
  if (const std::string place = place_of(sources, result); !place.empty()) json["place"] = place;
  return json;
}

std::string state_text(const StepperState& state, std::size_t number) {
  std::string text = fmt::format("{:>5}  {:<8} {}\n", number, state.rule, state.focus);
  for (const auto& column : state.stacks) {
    if (column.items.empty()) continue;
    text += fmt::format("                {}:", column.name);
    for (const std::string& item : column.items) text += " " + item;
    text += '\n';
  }
  for (const std::string& handler : state.rail) text += "                | " + handler + "\n";
  return text;
}

Json state_json(const StepperState& state) {
  Json stacks = Json::object();
  for (const auto& column : state.stacks) stacks[column.name] = Json::array_of(column.items);
  return Json::object({{"rule", state.rule},
                       {"term", state.focus},
                       {"memory", std::move(stacks)},
                       {"handlers", Json::array_of(state.rail)}});
}

}  // namespace ordo::machine::fmc
