// Tells the streams of events what changed in the store, whoever changed it. SQLite keeps a counter
// of commits in memory that all processes share; asking for it takes microseconds, and only when it
// moved is anything read. Nobody listening, nothing is asked.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ordo/board/study_data.h"
#include "ordo/http/event_hub.h"

namespace ordo::board {

class Watcher {
 public:
  /// `store` is a connection of its own to the store of `library`, of which only what is in memory
  /// is used. All must outlive it.
  Watcher(const store::Store& store, Library& library, http::EventHub& hub)
      : store_(store), catalogue_(store), library_(library), hub_(hub) {}

  /// Looks once and sends what changed since the last time.
  void look();
  /// Looks four times a second until the token is set.
  void run(const StopToken& stop, Context& context);

 private:
  struct Known {
    std::string revision;
    std::vector<store::CellState> cells;
  };
  void tell_studies(const std::vector<Card>& cards);
  void tell_study(const Card& card);
  void tell_changes(const Card& card, const std::vector<store::CellState>& before,
                    const std::vector<store::CellState>& now);

  const store::Store& store_;
  Catalogue catalogue_;
  Library& library_;
  http::EventHub& hub_;
  std::int64_t counter_ = -1;
  std::map<std::string, std::string> revisions_;  // of all studies
  std::map<std::string, Known> watched_;          // those that somebody listens to
};

}  // namespace ordo::board
