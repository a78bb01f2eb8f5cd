// What the pages of a study show, read once for each of its revisions and shared by all who ask.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ordo/board/catalogue.h"
#include "ordo/store/store.h"
#include "ordo/trial/results.h"

namespace ordo::board {

/// A study as it stood at one revision.
struct StudyData {
  Card card;
  trial::Results results;
  std::vector<store::MetricSummary> metrics;
  std::vector<store::EnvironmentUse> environments;
};

/// Reads studies. For several threads.
class Library {
 public:
  explicit Library(const store::Store& store) : store_(store), catalogue_(store) {}

  const store::Store& store() const { return store_; }
  std::vector<Card> cards();
  /// The study as it stands now. Throws http::NotFound if there is none; if two ask for one that
  /// has changed, it is read once.
  std::shared_ptr<const StudyData> study(const std::string& name);
  /// The study as it was when it was last asked for; null if it never was.
  std::shared_ptr<const StudyData> known(const std::string& name);
  /// The answer to /api/study.
  std::shared_ptr<const std::string> study_json(const StudyData& data);

 private:
  struct Entry {
    std::mutex mutex;  // held while it is read
    std::shared_ptr<const StudyData> data;
    std::shared_ptr<const std::string> json;
    std::string json_revision;
  };
  std::shared_ptr<Entry> entry(const std::string& name);
  Card card(const std::string& name);

  const store::Store& store_;
  std::mutex mutex_;  // guards the catalogue and the map, not what it points at
  Catalogue catalogue_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

/// A short name of an environment: its commit and host as far as they are known.
std::string environment_label(const JsonObject& environment, const std::string& hash);

/// The document, what is live, and the metrics there are (docs/board.md).
Json study_page(const store::Store& store, const StudyData& data);

}  // namespace ordo::board
