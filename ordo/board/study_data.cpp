#include "ordo/board/study_data.h"

#include <unordered_map>

#include <fmt/format.h>

#include "ordo/http/server.h"
#include "ordo/report/page.h"
#include "ordo/trial/document.h"

namespace ordo::board {
namespace {

constexpr std::size_t kShortHash = 8;

std::string text_in(const JsonObject& object, std::string_view key) {
  const Json* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

bool is_dirty(const JsonObject& environment) {
  const Json* value = environment.find("dirty");
  return value != nullptr && value->is_bool() && value->as_bool();
}

// The text of a progress as the value it is, or an empty object.
Json progress_json(const std::string& text) {
  return text.empty() ? Json(JsonObject()) : parse_json(text, "progress");
}

Json live_runs(const store::Store& store, const trial::Results& results) {
  std::unordered_map<store::CellId, store::CellState> states;
  for (store::CellState& state : store.cell_states(results.spec.study.name)) {
    states.emplace(state.cell, std::move(state));
  }
  Json::Array runs;
  for (const trial::CellResult& cell : results.cells) {
    const auto found = states.find(cell.id);
    const store::CellState state = found == states.end() ? store::CellState() : found->second;
    runs.push_back(Json::object({{"cell", cell.id},
                                 {"run", cell.run ? Json(cell.run->id) : Json()},
                                 {"attempts", state.attempts},
                                 {"progress", progress_json(state.progress)},
                                 {"points", state.points}}));
  }
  return runs;
}

// Parallel to the document's environments, which stand in the order in which runs name them.
Json live_environments(const store::Store& store, const trial::Results& results) {
  Json::Array list;
  std::set<std::string> seen;
  for (const trial::CellResult& cell : results.cells) {
    if (!cell.run || cell.run->environment.empty()) continue;
    if (!seen.insert(cell.run->environment).second) continue;
    const JsonObject values = store.environment(cell.run->environment).value_or(JsonObject());
    list.push_back(Json::object({{"hash", cell.run->environment},
                                 {"commit", text_in(values, "commit")},
                                 {"dirty", is_dirty(values)}}));
  }
  return list;
}

}  // namespace

std::string environment_label(const JsonObject& environment, const std::string& hash) {
  const std::string commit = text_in(environment, "commit"), host = text_in(environment, "host");
  std::string label = commit.empty() ? "environment " + hash.substr(0, kShortHash)
                                     : "commit " + commit.substr(0, kShortHash);
  if (is_dirty(environment)) label += " with changes";
  if (!host.empty()) label += " on " + host;
  return label;
}

Json study_page(const store::Store& store, const StudyData& data) {
  const report::Document document =
      trial::report_document(store, data.results, {.traces = false, .logs = false});
  Json::Array metrics, sides;
  for (const store::MetricSummary& metric : data.metrics) {
    metrics.push_back(
        Json::object({{"metric", metric.name}, {"runs", metric.runs}, {"points", metric.points}}));
  }
  for (const store::EnvironmentUse& use : data.environments) {
    const JsonObject values = store.environment(use.hash).value_or(JsonObject());
    sides.push_back(Json::object({{"environment", use.hash},
                                  {"label", environment_label(values, use.hash)},
                                  {"runs", use.cells}}));
  }
  return Json::object({{"revision", data.card.summary.revision},
                       {"study", to_json(data.card)},
                       {"document", report::to_json(document)},
                       {"runs", live_runs(store, data.results)},
                       {"series", std::move(metrics)},
                       {"environments", live_environments(store, data.results)},
                       {"sides", std::move(sides)}});
}

std::vector<Card> Library::cards() {
  const std::lock_guard lock(mutex_);
  return catalogue_.cards();
}

Card Library::card(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::optional<Card> card = catalogue_.card(name);
  if (!card) throw http::NotFound(fmt::format("there is no study '{}' in this store", name));
  if (!card->error.empty()) {
    throw UsageError(fmt::format("the study '{}' cannot be read: {}", name, card->error));
  }
  return std::move(*card);
}

std::shared_ptr<Library::Entry> Library::entry(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Entry>& entry = entries_[name];
  if (!entry) entry = std::make_shared<Entry>();
  return entry;
}

std::shared_ptr<const StudyData> Library::study(const std::string& name) {
  Card now = card(name);
  const std::shared_ptr<Entry> kept = entry(name);
  const std::lock_guard lock(kept->mutex);
  if (kept->data && kept->data->card.summary.revision == now.summary.revision) return kept->data;
  auto data = std::make_shared<StudyData>();
  data->card = std::move(now);
  data->results = trial::read_results(store_, name);
  data->metrics = store_.metrics(name);
  data->environments = store_.environments(name);
  kept->data = std::move(data);
  return kept->data;
}

std::shared_ptr<const StudyData> Library::known(const std::string& name) {
  std::shared_ptr<Entry> kept;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(name);
    if (found == entries_.end()) return nullptr;
    kept = found->second;
  }
  const std::lock_guard lock(kept->mutex);
  return kept->data;
}

std::shared_ptr<const std::string> Library::study_json(const StudyData& data) {
  const std::shared_ptr<Entry> kept = entry(data.card.summary.name);
  const std::lock_guard lock(kept->mutex);
  if (kept->json_revision != data.card.summary.revision) {
    kept->json =
        std::make_shared<const std::string>(report::repair_utf8(study_page(store_, data).dump()));
    kept->json_revision = data.card.summary.revision;
  }
  return kept->json;
}

}  // namespace ordo::board
