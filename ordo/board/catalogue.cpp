#include "ordo/board/catalogue.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "ordo/trial/document.h"

namespace ordo::board {
namespace {

// What the registration of a study says, and the texts to find it by.
Card registered_card(const store::Store& store, const store::Study& study) {
  Card card;
  card.title = study.name;
  card.tags = study.tags;
  card.created = study.created;
  std::vector<std::string>& search = card.search;
  search.push_back("name: " + study.name);
  for (const std::string& tag : study.tags) search.push_back("tag: " + tag);
  try {
    const trial::Spec spec = trial::read_registered(store, study.name).spec;
    if (!spec.study.title.empty()) card.title = spec.study.title;
    card.question = spec.study.question;
    for (const trial::ClaimText& claim : spec.claims) {
      card.claims.push_back({claim.name, claim.text, ""});
      search.push_back(fmt::format("claim: {}: {}", claim.name, claim.text));
    }
    std::set<std::string> parameters;  // of all variants, each once
    for (const trial::Variant& variant : trial::variants(spec)) {
      search.push_back("variant: " + variant.name);
      for (const JsonMember& member : variant.parameters) {
        const std::string value =
            member.value.is_string() ? member.value.as_string() : member.value.dump();
        parameters.insert(fmt::format("parameter: {} = {}", member.key, value));
      }
    }
    search.insert(search.end(), parameters.begin(), parameters.end());
  } catch (const Error& error) {
    card.error = error.what();
  }
  search.push_back("title: " + card.title);
  if (!card.question.empty()) search.push_back("question: " + card.question);
  return card;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

std::vector<std::string> words_of(const std::string& query) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : lower_case(query) + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

}  // namespace

Json to_json(const Card& card) {
  JsonObject counts;
  for (const auto& [status, count] : card.summary.counts) counts[to_string(status)] = count;
  Json::Array claims;
  for (const Card::Claim& claim : card.claims) {
    claims.push_back(Json::object({{"name", claim.name},
                                   {"text", claim.text},
                                   {"verdict", claim.verdict.empty() ? Json() : claim.verdict}}));
  }
  return Json::object({{"name", card.summary.name},
                       {"title", card.title},
                       {"question", card.question},
                       {"tags", Json::array_of(card.tags)},
                       {"created", trial::iso_time(card.created)},
                       {"changed", trial::iso_time(card.summary.changed)},
                       {"cells", card.summary.cells},
                       {"counts", std::move(counts)},
                       {"runs", card.summary.runs},
                       {"points", card.summary.points},
                       {"running", card.summary.counts.contains(store::Status::running)},
                       {"claims", std::move(claims)},
                       {"revision", card.summary.revision},
                       {"error", card.error}});
}

Card Catalogue::read(const store::StudySummary& summary) {
  const auto study = store_.study(summary.name);
  if (!study) return {};  // deleted since
  const std::string revision =
      fmt::format("{}\n{}\n{}", study->spec_hash, study->notes, Json::array_of(study->tags).dump());
  Kept& kept = kept_[summary.name];
  if (kept.revision != revision) kept = {revision, registered_card(store_, *study)};
  Card card = kept.card;
  card.summary = summary;
  const std::vector<store::Look> looks = store_.looks(summary.name);
  for (Card::Claim& claim : card.claims) {
    if (looks.empty()) break;
    const Json* verdict = looks.back().verdicts.find(claim.name);
    if (verdict != nullptr && verdict->is_string()) claim.verdict = verdict->as_string();
  }
  return card;
}

std::vector<Card> Catalogue::cards() {
  std::vector<Card> cards;
  for (const store::StudySummary& summary : store_.summaries()) {
    Card card = read(summary);
    if (!card.summary.name.empty()) cards.push_back(std::move(card));
  }
  std::stable_sort(cards.begin(), cards.end(), [](const Card& a, const Card& b) {
    return a.summary.changed > b.summary.changed;
  });
  return cards;
}

std::optional<Card> Catalogue::card(const std::string& study) {
  for (const store::StudySummary& summary : store_.summaries()) {
    if (summary.name == study) return read(summary);
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> matches(const Card& card, const std::string& query) {
  std::vector<std::string> found;
  for (const std::string& word : words_of(query)) {
    bool is_there = false;
    for (const std::string& entry : card.search) {
      if (lower_case(entry).find(word) == std::string::npos) continue;
      is_there = true;
      if (std::find(found.begin(), found.end(), entry) == found.end()) found.push_back(entry);
    }
    if (!is_there) return std::nullopt;
  }
  return found;
}

}  // namespace ordo::board
