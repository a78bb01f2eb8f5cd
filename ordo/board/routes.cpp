#include "ordo/board/routes.h"

#include <charconv>

#include <fmt/format.h>

#include "ordo/base/hash.h"
#include "ordo/base/version.h"
#include "ordo/board/compare.h"
#include "ordo/board/curves.h"
#include "ordo/board/page.h"
#include "ordo/board/run_page.h"
#include "ordo/board/series_pack.h"
#include "ordo/http/event_hub.h"
#include "ordo/http/server.h"
#include "ordo/report/page.h"

namespace ordo::board {
namespace {

constexpr int kApiVersion = 1;
constexpr std::int64_t kMostPoints = 100'000;
constexpr std::size_t kTagDigits = 32;

using http::Query;
using http::Request;
using http::Response;

// A tag that changes with any of the words.
std::string tag_of(std::initializer_list<std::string_view> words) {
  std::string text(version());
  for (const std::string_view word : words) text.append("\n").append(word);
  return sha256_hex(text).substr(0, kTagDigits);
}

Response tagged(Response response, std::string tag) {
  response.tag = std::move(tag);
  return response;
}

// JSON whose tag is its own hash: for small answers, which are quicker made than remembered.
Response json_answer(const Json& json) {
  std::string text = report::repair_utf8(json.dump());
  std::string tag = tag_of({text});
  return tagged(http::text_response(std::move(text), "application/json"), std::move(tag));
}

// The revision of the whole store.
std::string revision_of(const std::vector<Card>& cards) {
  std::string all;
  for (const Card& card : cards) all += card.summary.name + " " + card.summary.revision + "\n";
  return sha256_hex(all).substr(0, 16);
}

Response page_answer() {
  static const auto kPage = std::make_shared<const std::string>(page());
  static const std::string kTag = tag_of({*kPage});
  Response response;
  response.type = "text/html; charset=utf-8";
  response.body = kPage;
  response.tag = kTag;
  response.headers.emplace_back("Content-Security-Policy", "frame-ancestors 'none'");
  return response;
}

Response store_answer(Library& library) {
  return json_answer(
      Json::object({{"ordo_board", kApiVersion},
                    {"program", fmt::format("ordo {}", version())},
                    {"folder", std::filesystem::absolute(library.store().folder()).string()},
                    {"revision", revision_of(library.cards())}}));
}

Response studies_answer(Library& library, const Query& query) {
  query.allow({"q"});
  const std::string* words = query.find("q");
  const std::vector<Card> cards = library.cards();
  Json::Array studies;
  for (const Card& card : cards) {
    Json study = to_json(card);
    if (words != nullptr) {
      const auto found = matches(card, *words);
      if (!found) continue;
      study["matches"] = Json::array_of(*found);
    }
    studies.push_back(std::move(study));
  }
  return json_answer(
      Json::object({{"revision", revision_of(cards)}, {"studies", std::move(studies)}}));
}

Response study_answer(Library& library, const Query& query) {
  query.allow({"name"});
  const auto data = library.study(query.required("name"));
  Response response;
  response.body = library.study_json(*data);
  return tagged(std::move(response), tag_of({"study", data->card.summary.revision}));
}

Window window_of(const Query& query, std::int64_t points) {
  Window window;
  window.points = static_cast<std::size_t>(query.integer("points", 2, kMostPoints, points));
  window.from = query.number("from", window.from);
  window.to = query.number("to", window.to);
  if (window.to < window.from) {
    throw UsageError("the parameter 'to' must not be less than 'from'");
  }
  return window;
}

Response series_bytes(std::string bytes) {
  std::string tag = tag_of({bytes});
  return tagged(http::text_response(std::move(bytes), kSeriesType), std::move(tag));
}

Response series_answer(Library& library, const Query& query) {
  query.allow({"run", "name", "points", "from", "to"});
  query.required("run");
  const std::int64_t run = query.integer("run", 1, INT64_MAX, 0);
  return series_bytes(
      pack_run_series(library.store(), run, query.required("name"), window_of(query, 1000)));
}

Response curves_answer(Library& library, const Query& query) {
  query.allow({"study", "metric", "points", "from", "to", "environment"});
  const auto data = library.study(query.required("study"));
  std::set<std::string> environments;
  if (const std::string* text = query.find("environment")) {
    environments = find_environments(library.store(), *data, *text);
  }
  return series_bytes(pack_study_series(library.store(), *data, query.required("metric"),
                                        window_of(query, 500), environments));
}

Response bands_answer(Library& library, const Query& query) {
  query.allow({"study", "metric", "points", "from", "to"});
  const auto data = library.study(query.required("study"));
  return series_bytes(
      pack_bands(library.store(), *data, query.required("metric"), window_of(query, 500)));
}

Response compare_answer(Library& library, const Query& query) {
  query.allow({"left", "right"});
  return json_answer(compare(library, query.required("left"), query.required("right")));
}

Response events_answer(Library& library, const Query& query) {
  query.allow({"study"});
  const std::string* study = query.find("study");
  Response response;
  response.events = http::EventStream{
      .topic = study == nullptr ? "" : *study,
      .first = http::event_text("hello", Json::object({{"ordo_board", kApiVersion},
                                                       {"revision", revision_of(library.cards())}})
                                             .dump())};
  return response;
}

// /api/runs/ID and /api/runs/ID/artifacts/HASH
Response run_answer(Library& library, const Request& request, std::string_view rest) {
  store::RunId run = 0;
  const auto [after, error] = std::from_chars(rest.data(), rest.data() + rest.size(), run);
  rest.remove_prefix(static_cast<std::size_t>(after - rest.data()));
  if (error != std::errc() || run < 1) throw http::NotFound("a run's number was expected");
  if (rest.empty()) {
    request.query.allow({});
    return json_answer(run_page(library, run));
  }
  constexpr std::string_view kArtifacts = "/artifacts/";
  if (!rest.starts_with(kArtifacts)) throw http::NotFound("there is nothing at this address");
  request.query.allow({"view"});
  rest.remove_prefix(kArtifacts.size());
  const bool is_view = request.query.integer("view", 0, 1, 0) == 1;
  return artifact_response(library.store(), run, std::string(rest),
                           is_view ? Delivery::view : Delivery::download);
}

}  // namespace

Response answer(Library& library, const Request& request) {
  const std::string& path = request.path;
  constexpr std::string_view kRuns = "/api/runs/";
  if (path == "/") return page_answer();
  if (path == "/api/store") return store_answer(library);
  if (path == "/api/studies") return studies_answer(library, request.query);
  if (path == "/api/study") return study_answer(library, request.query);
  if (path == "/api/series") return series_answer(library, request.query);
  if (path == "/api/curves") return curves_answer(library, request.query);
  if (path == "/api/bands") return bands_answer(library, request.query);
  if (path == "/api/compare") return compare_answer(library, request.query);
  if (path == "/api/events") return events_answer(library, request.query);
  if (path.starts_with(kRuns)) {
    return run_answer(library, request, std::string_view(path).substr(kRuns.size()));
  }
  throw http::NotFound("there is nothing at this address; the page is at /");
}

}  // namespace ordo::board
