#include "ordo/board/watcher.h"

#include <chrono>
#include <set>
#include <thread>

#include "ordo/base/hash.h"
#include "ordo/report/page.h"

namespace ordo::board {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(250);
constexpr auto kStopPoll = std::chrono::milliseconds(50);

std::string to_event(std::string_view name, const Json& data) {
  return http::event_text(name, report::repair_utf8(data.dump()));
}

}  // namespace

void Watcher::tell_studies(const std::vector<Card>& cards) {
  std::map<std::string, std::string> revisions;
  std::string all;
  Json::Array changed, gone;
  for (const Card& card : cards) {
    const std::string& name = card.summary.name;
    revisions[name] = card.summary.revision;
    all += name + " " + card.summary.revision + "\n";
    const auto known = revisions_.find(name);
    if (known == revisions_.end() || known->second != card.summary.revision) {
      changed.push_back(to_json(card));
    }
  }
  for (const auto& [name, revision] : revisions_) {
    if (!revisions.contains(name)) gone.push_back(name);
  }
  revisions_ = std::move(revisions);
  if (changed.empty() && gone.empty()) return;
  hub_.send(to_event("studies", Json::object({{"revision", sha256_hex(all).substr(0, 16)},
                                              {"studies", std::move(changed)},
                                              {"gone", std::move(gone)}})));
}

void Watcher::tell_changes(const Card& card, const std::vector<store::CellState>& before,
                           const std::vector<store::CellState>& now) {
  const std::string& name = card.summary.name;
  std::map<store::CellId, const store::CellState*> known;
  for (const store::CellState& state : before) known[state.cell] = &state;
  std::map<store::CellId, std::int64_t> places;  // in the document
  const auto data = library_.known(name);
  if (data) {
    const auto& cells = data->results.cells;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      places[cells[i].id] = static_cast<std::int64_t>(i);
    }
  }
  Json::Array runs;
  for (const store::CellState& state : now) {
    const auto old = known.find(state.cell);
    if (before.empty() || (old != known.end() && *old->second == state)) continue;
    const auto place = places.find(state.cell);
    Json run = Json::object(
        {{"index", place == places.end() ? -1 : place->second},
         {"cell", state.cell},
         {"run", state.run ? Json(*state.run) : Json()},
         {"status", to_string(state.status)},
         {"points", state.points},
         {"progress",
          state.progress.empty() ? Json(JsonObject()) : parse_json(state.progress, "progress")}});
    if (place != places.end()) {
      const auto& cell = data->results.cells[static_cast<std::size_t>(place->second)].cell;
      run["variant"] = cell.variant;
      run["seed"] = cell.seed;
    }
    runs.push_back(std::move(run));
  }
  hub_.send(name, to_event("study", Json::object({{"name", name},
                                                  {"revision", card.summary.revision},
                                                  {"study", to_json(card)},
                                                  {"runs", std::move(runs)}})));
}

void Watcher::tell_study(const Card& card) {
  Known& known = watched_[card.summary.name];
  if (known.revision == card.summary.revision) return;
  std::vector<store::CellState> now = store_.cell_states(card.summary.name);
  tell_changes(card, known.cells, now);
  known = {card.summary.revision, std::move(now)};
}

void Watcher::look() {
  const std::set<std::string> topics = hub_.topics();
  if (topics.empty()) return;
  std::erase_if(watched_, [&](const auto& one) { return !topics.contains(one.first); });
  bool is_new = false;  // somebody listens to a study that nobody did before
  for (const std::string& topic : topics) is_new |= !topic.empty() && !watched_.contains(topic);
  const std::int64_t counter = store_.change_counter();
  if (counter == counter_ && !is_new) return;
  const std::vector<Card> cards = catalogue_.cards();
  tell_studies(cards);
  for (const Card& card : cards) {
    if (topics.contains(card.summary.name)) tell_study(card);
  }
  for (const std::string& topic : topics) {
    if (!topic.empty()) watched_[topic];  // also what is no study, or not yet
  }
  counter_ = counter;
}

void Watcher::run(const StopToken& stop, Context& context) {
  auto next = std::chrono::steady_clock::now();
  std::string last_error;
  while (!stop.stop_requested()) {
    if (std::chrono::steady_clock::now() >= next) {
      try {
        look();
        last_error.clear();
      } catch (const Error& error) {
        if (last_error != error.what())
          context.warn(error.what());  // once, not four times a second
        last_error = error.what();
      }
      next = std::chrono::steady_clock::now() + kInterval;
    }
    std::this_thread::sleep_for(kStopPoll);
  }
}

}  // namespace ordo::board
