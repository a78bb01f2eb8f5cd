// The studies of a store as a list: how each stands, what it asks, what its claims last came to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/store/store.h"

namespace ordo::board {

/// A study in the list.
struct Card {
  store::StudySummary summary;
  std::string title, question;
  std::vector<std::string> tags;
  double created = 0;
  struct Claim {
    std::string name, text;
    std::string verdict;  ///< of the last look; empty: not judged yet
  };
  std::vector<Claim> claims;
  std::string error;                ///< why its specification cannot be read
  std::vector<std::string> search;  ///< "tag: baseline", "parameter: rate = 0.1", ...
};
Json to_json(const Card& card);

/// Reads cards, and keeps what only changes with the registration. Not for several threads.
class Catalogue {
 public:
  explicit Catalogue(const store::Store& store) : store_(store) {}

  /// All studies, the last changed first.
  std::vector<Card> cards();
  /// The card of one; nullopt if there is no such study.
  std::optional<Card> card(const std::string& study);

 private:
  struct Kept {
    std::string revision;  // of the registration
    Card card;
  };
  Card read(const store::StudySummary& summary);

  const store::Store& store_;
  std::map<std::string, Kept> kept_;
};

/// What of the card matches all words of `query`, case ignored: the entries of Card::search in
/// which a word was found. Nullopt if a word is found nowhere.
std::optional<std::vector<std::string>> matches(const Card& card, const std::string& query);

}  // namespace ordo::board
