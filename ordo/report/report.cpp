// The document as JSON, and the page around it. The template has three marks, each once: the title,
// the text for readers without scripts, and the data.
#include "ordo/report/report.h"

#include <set>
#include <string_view>

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/report/pack.h"
#include "ordo/report/page.h"

namespace ordo::report {
namespace {

std::string_view name_of(Verdict verdict) {
  static constexpr std::string_view kNames[] = {"holds", "fails", "undecided"};
  return kNames[static_cast<int>(verdict)];
}

std::string_view name_of(Measure::Better better) {
  static constexpr std::string_view kNames[] = {"unknown", "higher", "lower"};
  return kNames[static_cast<int>(better)];
}

template <class T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

// Declared here for `json_array`, whose look-up does not see later ones of this namespace.
Json to_json(const Comparison& value);
Json to_json(const Claim& value);
Json to_json(const Measure& value);
Json to_json(const Summary& value);
Json to_json(const Trace& value);
Json to_json(const Curve& value);
Json to_json(const Log& value);
Json to_json(const Run& value);
Json to_json(const Variant& value);
Json to_json(const Environment& value);
Json to_json(const Look& value);
Json to_json(const Testing& value);

template <class T>
Json json_array(const std::vector<T>& items) {
  Json::Array array;
  array.reserve(items.size());
  for (const T& item : items) array.push_back(to_json(item));
  return array;
}

Json to_json(const Interval& interval) { return Json::array({interval.low, interval.high}); }

Json to_json(const Comparison& comparison) {
  return Json::object({{"label", comparison.label},
                       {"unit", comparison.unit},
                       {"estimate", comparison.estimate},
                       {"interval", to_json(comparison.interval)},
                       {"claimed", to_json(comparison.claimed)},
                       {"verdict", name_of(comparison.verdict)},
                       {"pairs", comparison.pairs},
                       {"p_value", optional_json(comparison.p_value)}});
}

Json to_json(const Claim& claim) {
  return Json::object({{"name", claim.name},
                       {"text", claim.text},
                       {"sentence", claim.sentence},
                       {"verdict", name_of(claim.verdict)},
                       {"note", claim.note},
                       {"comparisons", json_array(claim.comparisons)}});
}

Json to_json(const Measure& measure) {
  return Json::object({{"name", measure.name},
                       {"description", measure.description},
                       {"unit", measure.unit},
                       {"better", name_of(measure.better)}});
}

Json to_json(const Summary& summary) {
  return Json::object({{"variant", summary.variant},
                       {"measure", summary.measure},
                       {"mean", summary.mean},
                       {"interval", to_json(summary.interval)},
                       {"runs", summary.runs}});
}

Json to_json(const Trace& trace) {
  return Json::object(
      {{"run", trace.run}, {"steps", pack_f64(trace.steps)}, {"values", pack_f32(trace.values)}});
}

Json to_json(const Curve& curve) {
  return Json::object({{"metric", curve.metric},
                       {"variant", curve.variant},
                       {"steps", pack_f64(curve.steps)},
                       {"mean", pack_f64(curve.mean)},
                       {"low", pack_f64(curve.low)},
                       {"high", pack_f64(curve.high)},
                       {"runs", json_array(curve.runs)}});
}

Json to_json(const Log& log) {
  return Json::object(
      {{"name", log.name}, {"head", log.head}, {"tail", log.tail}, {"omitted", log.omitted}});
}

Json to_json(const Run& run) {
  return Json::object({{"id", run.id},
                       {"variant", run.variant},
                       {"seed", run.seed},
                       {"status", run.status},
                       {"message", run.message},
                       {"started", run.started},
                       {"seconds", optional_json(run.seconds)},
                       {"environment", optional_json(run.environment)},
                       {"parameters", run.parameters},
                       {"measures", run.measures},
                       {"logs", json_array(run.logs)}});
}

Json to_json(const Variant& variant) {
  return Json::object({{"name", variant.name}, {"parameters", variant.parameters}});
}

Json to_json(const Environment& environment) {
  return Json::object({{"name", environment.name}, {"values", environment.values}});
}

Json to_json(const Look& look) {
  return Json::object({{"seeds", look.seeds}, {"alpha", look.alpha}, {"when", look.when}});
}

Json to_json(const Testing& testing) {
  return Json::object({{"alpha", testing.alpha},
                       {"registered_seeds", testing.registered_seeds},
                       {"method", testing.method},
                       {"correction", testing.correction},
                       {"looks", json_array(testing.looks)},
                       {"notes", Json::array_of(testing.notes)}});
}

// The names that others refer to, each once.
class Names {
 public:
  Names(std::string kind) : kind_(std::move(kind)) {}

  void add(const std::string& name) {
    if (!names_.insert(name).second) {
      throw UsageError(fmt::format("report: the {} '{}' is there twice", kind_, name));
    }
  }
  void require(const std::string& name, const std::string& by) const {
    if (!names_.contains(name)) {
      throw UsageError(
          fmt::format("report: {} names the {} '{}', which the document lacks", by, kind_, name));
    }
  }

 private:
  std::string kind_;
  std::set<std::string> names_;
};

void require_length(std::size_t found, std::size_t expected, const std::string& what) {
  if (found != expected) {
    throw UsageError(fmt::format("report: {} has {} steps, but {} values", what, expected, found));
  }
}

void check_curve(const Curve& curve, const Names& runs) {
  const std::string what = fmt::format("the curve '{}' of '{}'", curve.metric, curve.variant);
  for (const auto* band : {&curve.mean, &curve.low, &curve.high}) {
    require_length(band->size(), curve.steps.size(), what);
  }
  for (const Trace& trace : curve.runs) {
    runs.require(trace.run, what);
    require_length(trace.values.size(), trace.steps.size(),
                   fmt::format("{}, run '{}',", what, trace.run));
  }
}

void check(const Document& document) {
  Names variants("variant");
  Names measures("measure");
  Names runs("run");
  for (const Variant& variant : document.variants) variants.add(variant.name);
  for (const Measure& measure : document.measures) measures.add(measure.name);
  for (const Run& run : document.runs) {
    const std::string what = fmt::format("the run '{}'", run.id);
    runs.add(run.id);
    variants.require(run.variant, what);
    const auto environments = static_cast<std::int64_t>(document.environments.size());
    if (run.environment && (*run.environment < 0 || *run.environment >= environments)) {
      throw UsageError(fmt::format("report: {} names environment {}, but there are {}", what,
                                   *run.environment, environments));
    }
  }
  for (const Summary& summary : document.table) {
    variants.require(summary.variant, "the table");
    measures.require(summary.measure, "the table");
  }
  for (const Curve& curve : document.curves) {
    variants.require(curve.variant, fmt::format("the curve '{}'", curve.metric));
    check_curve(curve, runs);
  }
}

std::string interval_text(const Comparison& comparison) {
  return fmt::format("{}: {:.4g}, interval {:.4g} to {:.4g}", comparison.label, comparison.estimate,
                     comparison.interval.low, comparison.interval.high);
}

// The claims for those who read without scripts.
std::string plain_claims(const Document& document) {
  std::string html = "<h1>" + escape_html(document.title) + "</h1><p>" +
                     escape_html(document.question) + "</p><ul>";
  for (const Claim& claim : document.claims) {
    html += fmt::format("<li><b>{}</b>: {}", name_of(claim.verdict), escape_html(claim.sentence));
    for (const Comparison& comparison : claim.comparisons) {
      html += "<br>" + escape_html(interval_text(comparison));
    }
    html += "</li>";
  }
  return html + "</ul>";
}

// The part of `page` before `mark`; `page` keeps what follows it.
std::string_view take_until(std::string_view& page, std::string_view mark) {
  const std::size_t at = page.find(mark);
  if (at == std::string_view::npos) {
    throw IoError(fmt::format("web/dist/report.html was built without its mark {}", mark));
  }
  const std::string_view before = page.substr(0, at);
  page.remove_prefix(at + mark.size());
  return before;
}

}  // namespace

Json to_json(const Document& document) {
  check(document);
  return Json::object({{"ordo_report", kDocumentVersion},
                       {"name", document.name},
                       {"title", document.title},
                       {"question", document.question},
                       {"description", document.description},
                       {"created", document.created},
                       {"program", document.program},
                       {"fixed", document.fixed},
                       {"variants", json_array(document.variants)},
                       {"measures", json_array(document.measures)},
                       {"claims", json_array(document.claims)},
                       {"table", json_array(document.table)},
                       {"table_interval", document.table_interval},
                       {"curve_interval", document.curve_interval},
                       {"curves", json_array(document.curves)},
                       {"runs", json_array(document.runs)},
                       {"environments", json_array(document.environments)},
                       {"testing", to_json(document.testing)}});
}

std::string render_html(const Document& document) {
  const std::string data = escape_script_json(to_json(document).dump());
  std::string_view page = page_template();
  std::string html;
  html.reserve(page.size() + data.size() + 4096);
  html += take_until(page, "{{ordo:title}}");
  html += escape_html(document.title);
  html += take_until(page, "{{ordo:plain}}");
  html += plain_claims(document);
  html += take_until(page, "{{ordo:data}}");
  html += data;
  html += page;
  return html;
}

void write_html(const Document& document, const std::filesystem::path& path) {
  write_file_atomic(path, render_html(document));
}

}  // namespace ordo::report
