// The report of a study: one HTML file that needs nothing else, no network and no server.
//
// A Document is everything the page shows, already computed: this room draws, it does not estimate.
// `to_json` is the page's input and the board's (docs/report.md describes each member); the page
// itself is web/dist/report.html, built from web/src and compiled into this library, into which
// `render_html` puts that JSON.
//
// Series are packed: {"f64": BASE64} or {"f32": BASE64} holds little-endian IEEE numbers, which
// keeps 500 runs small and lets the page read them without parsing digits. Other non-finite
// numbers are the strings "nan", "inf" and "-inf", as everywhere in Json.
//
// Every text may come from a stranger's program. Invalid UTF-8 becomes U+FFFD, markup is escaped,
// and the page's content security policy allows only the script it was built with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "ordo/base/json.h"

namespace ordo::report {

/// Version of the document's format; the page refuses newer ones by name.
inline constexpr int kDocumentVersion = 1;

/// A range of numbers; an end that is open is infinite.
struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

enum class Verdict { holds, fails, undecided };

/// One comparison of a claim, drawn as one row of the forest plot.
struct Comparison {
  std::string label = {};  ///< what is estimated, e.g. "acc(mkor) - acc(sgd)"
  std::string unit =
      {};               ///< rows of equal unit share an axis, e.g. "acc"; empty: an axis of its own
  double estimate = 0;  ///< in `unit`
  Interval interval = {};  ///< of the estimate, at the level that the verdict used
  Interval claimed = {};   ///< where the estimate must lie for the claim to be true: (margin, inf)
                           ///< for "more than", (-margin, margin) for "as good as"
  Verdict verdict = Verdict::undecided;
  std::int64_t pairs = 0;              ///< seeds compared
  std::optional<double> p_value = {};  ///< of the test behind the verdict
};

struct Claim {
  std::string name = {};      ///< short, unique
  std::string text = {};      ///< the expression, as the study's author wrote it
  std::string sentence = {};  ///< the verdict in plain words
  Verdict verdict = Verdict::undecided;
  std::string note = {};  ///< e.g. how many further seeds would likely decide; may be empty
  std::vector<Comparison> comparisons = {};  ///< one for each comparison that `and` joins
};

/// A column of the table.
struct Measure {
  std::string name = {};         ///< unique, e.g. "acc"
  std::string description = {};  ///< how it is made, e.g. "final(acc)"; may be empty
  std::string unit = {};         ///< e.g. "s"; may be empty
  enum class Better { unknown, higher, lower } better = Better::unknown;  ///< marks the best mean
};

/// A cell of the table: one measure of one variant over its runs.
struct Summary {
  std::string variant = {};
  std::string measure = {};
  double mean = 0;
  Interval interval = {};  ///< of the mean
  std::int64_t runs = 0;   ///< that reported the measure
};

/// One run's series, thinned (see `thin`).
struct Trace {
  std::string run = {};  ///< Run::id
  std::vector<double> steps = {};
  std::vector<double> values = {};  ///< as long as `steps`; written as 32-bit numbers
};

/// A metric's course for one variant: mean and interval over its runs, and the runs themselves.
struct Curve {
  std::string metric = {};
  std::string variant = {};
  std::vector<double> steps = {};  ///< increasing
  std::vector<double> mean = {};   ///< as long as `steps`, as are `low` and `high`
  std::vector<double> low = {};    ///< NaN where an interval makes no sense (a single run)
  std::vector<double> high = {};
  std::vector<Trace> runs = {};
};

/// What a program printed on one descriptor: the beginning and the end of it.
struct Log {
  std::string name = {};  ///< "stdout", "stderr"
  std::string head = {};
  std::string tail = {};      ///< empty if `head` is all of it
  std::uint64_t omitted = 0;  ///< bytes left out between them
};

struct Run {
  std::string id = {};       ///< unique in the document
  std::string variant = {};  ///< Variant::name
  std::int64_t seed = 0;
  std::string status =
      {};  ///< "done", "failed", "timeout", "killed", "running", "waiting", "stale"
  std::string message = {};                      ///< why it failed, in words; may be empty
  std::string started = {};                      ///< ISO 8601, UTC; may be empty
  std::optional<double> seconds = {};            ///< wall time
  std::optional<std::int64_t> environment = {};  ///< index into Document::environments
  JsonObject parameters = {};
  JsonObject measures = {};  ///< name to number
  std::vector<Log> logs = {};
};

/// A variant, in the order of the study; the order also gives its colour and its symbol.
struct Variant {
  std::string name = {};
  JsonObject parameters = {};  ///< those in which it differs from the others
};

/// Where runs ran: host, processor, versions. Values may be objects one level deep.
struct Environment {
  std::string name = {};
  JsonObject values = {};
};

/// One time that the claims were tested, with the seeds of that time.
struct Look {
  std::int64_t seeds = 0;
  double alpha = 0;       ///< error probability spent at this look
  std::string when = {};  ///< ISO 8601, UTC; may be empty
};

/// How the claims were tested.
struct Testing {
  double alpha = 0.05;                ///< probability of a false verdict over all claims
  std::int64_t registered_seeds = 0;  ///< as stated before the first run
  std::string method = {};            ///< the test and its interval, in a sentence
  std::string correction = {};        ///< for several claims, in a sentence; may be empty
  std::vector<Look> looks = {};
  std::vector<std::string> notes = {};  ///< further sentences a reader should know
};

struct Document {
  std::string name = {};  ///< the study's slug
  std::string title = {};
  std::string question = {};     ///< what the study asks; may be empty
  std::string description = {};  ///< paragraphs separated by blank lines, plain text; may be empty
  std::string created = {};  ///< ISO 8601, UTC, of the newest result; never the time of rendering,
                             ///< so that equal results give equal bytes; may be empty
  std::string program = {};  ///< what wrote it, e.g. "ordo 0.1.0"
  JsonObject fixed = {};     ///< parameters equal in all runs
  std::vector<Variant> variants = {};
  std::vector<Measure> measures = {};
  std::vector<Claim> claims = {};
  std::vector<Summary> table = {};
  std::string table_interval =
      {};  ///< what the table's intervals are, e.g. "95 % Student interval"
  std::string curve_interval = {};  ///< the same for the bands of the curves
  std::vector<Curve> curves = {};
  std::vector<Run> runs = {};
  std::vector<Environment> environments = {};
  Testing testing = {};
};

/// The document as JSON, series packed. Throws UsageError if arrays that belong together differ in
/// length, or a name that must be known (variant, measure, run, environment) is not.
Json to_json(const Document& document);

/// The page. Equal documents give equal bytes. O(size of the document). Throws as `to_json`.
std::string render_html(const Document& document);

/// Writes the page, replacing the file as a whole. Throws as `render_html`, and IoError.
void write_html(const Document& document, const std::filesystem::path& path);

}  // namespace ordo::report
