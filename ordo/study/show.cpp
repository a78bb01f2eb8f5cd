#include "ordo/study/show.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ordo::study {
namespace {

// Columns that a text takes: code points, which is right for what stands in these tables.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string_view mark(claims::Outcome outcome) {
  switch (outcome) {
    case claims::Outcome::holds:
      return "✔";
    case claims::Outcome::fails:
      return "✘";
    case claims::Outcome::undecided:
      break;
  }
  return "?";
}

std::string estimate_text(const trial::Estimate& estimate) {
  if (estimate.values.empty()) return "–";
  if (!std::isfinite(estimate.mean)) {
    const auto reached = std::count_if(estimate.values.begin(), estimate.values.end(),
                                       [](double value) { return std::isfinite(value); });
    return fmt::format("finite in {} of {}", reached, estimate.values.size());
  }
  std::string text = short_number(estimate.mean);
  if (std::isfinite(estimate.low)) {
    text += fmt::format(" [{}, {}]", short_number(estimate.low), short_number(estimate.high));
  }
  return text;
}

// What one failed cell of a kind says, so that a person needs no further command to see why. Cells
// that ran out of time are of one kind, though each says after how long.
std::string failures_text(const trial::Results& results) {
  std::map<std::string, std::pair<int, const trial::CellResult*>> by_kind;
  for (const trial::CellResult& cell : results.cells) {
    if (cell.status != store::Status::failed && cell.status != store::Status::timeout) continue;
    const bool is_late = cell.status == store::Status::timeout;
    auto& [count, first] = by_kind[is_late || !cell.run ? std::string() : cell.run->reason];
    if (count++ == 0) first = &cell;
  }
  std::string text;
  for (const auto& [kind, cells] : by_kind) {
    const auto& [count, first] = cells;
    const std::string reason = first->run ? first->run->reason : "no reason known";
    text += fmt::format("! {} failed: {} (ordo study log {})\n",
                        count_of(static_cast<std::size_t>(count), "cell"), reason, first->id);
  }
  return text;
}

}  // namespace

std::string short_number(double value) {
  if (value == 0) return "0";
  if (std::abs(value) >= 1e4 && std::abs(value) < 1e6) return fmt::format("{:.0f}", value);
  return fmt::format("{:.4g}", value);
}

std::string align_columns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], width(row[column]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      line += row[column];
      line.append(widths[column] - width(row[column]) + 3, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string table_text(const trial::Results& results) {
  std::vector<std::vector<std::string>> rows(1, {"variant"});
  for (const trial::MeasureText& measure : results.spec.measures) rows[0].push_back(measure.name);
  rows[0].emplace_back("n");
  std::size_t next = 0;
  for (const trial::Variant& variant : results.variants) {
    std::vector<std::string>& row = rows.emplace_back();
    row.push_back(variant.name);
    for (std::size_t i = 0; i < results.spec.measures.size(); ++i) {
      row.push_back(estimate_text(results.estimates[next++]));
    }
    const auto done = std::count_if(
        results.cells.begin(), results.cells.end(), [&](const trial::CellResult& cell) {
          return cell.cell.variant == variant.name &&
                 (cell.status == store::Status::done || cell.status == store::Status::stale);
        });
    row.push_back(std::to_string(done));
  }
  return align_columns(rows);
}

std::string verdicts_text(const trial::Results& results) {
  std::string text;
  for (const claims::Verdict& verdict : results.verdicts) {
    text += fmt::format("{} {}: {}\n    {}\n", mark(verdict.outcome), verdict.claim.name,
                        verdict.claim.text, verdict.sentence);
    if (verdict.findings.size() == 1) continue;
    for (const claims::Finding& finding : verdict.findings) {
      text += fmt::format("    {} {}: {}\n", mark(finding.outcome), finding.comparison.text,
                          finding.sentence);
    }
  }
  if (!results.is_complete && !results.spec.claims.empty()) {
    const auto finished = std::count_if(
        results.cells.begin(), results.cells.end(),
        [](const trial::CellResult& cell) { return trial::is_finished(cell.status); });
    text += fmt::format("Claims are judged when all {} are there ({} of {} cells are finished).\n",
                        count_of(results.seeds.size(), "seed"), finished, results.cells.size());
  }
  for (const std::string& error : results.errors) text += "! " + error + "\n";
  text += failures_text(results);
  if (!results.level.empty()) text += results.level + "\n";
  for (const std::string& change : results.changes) {
    text += "! Changed after results were there: " + change + "\n";
  }
  return text;
}

std::string count_of(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string counts_text(const trial::Results& results) {
  const std::map<std::string, int> counts = count_by_status(results);
  const auto done = counts.find("done");
  std::string text = fmt::format("{} of {} cells done", done == counts.end() ? 0 : done->second,
                                 results.cells.size());
  for (const auto& [name, count] : counts) {
    if (name != "done") text += fmt::format(", {} {}", count, name);
  }
  return text;
}

std::string results_text(const trial::Results& results) {
  const trial::StudyOptions& study = results.spec.study;
  std::string text = study.name + (study.title == study.name ? "" : ": " + study.title) + "\n";
  if (!study.question.empty()) text += study.question + "\n";
  text += fmt::format("{} × {}: {}\n\n", count_of(results.variants.size(), "variant"),
                      count_of(results.seeds.size(), "seed"), counts_text(results));
  text += table_text(results);
  if (!results.spec.measures.empty()) text += "mean [95 % interval]\n";
  const std::string verdicts = verdicts_text(results);
  return verdicts.empty() ? text : text + "\n" + verdicts;
}

std::map<std::string, int> count_by_status(const trial::Results& results) {
  std::map<std::string, int> counts;
  for (const trial::CellResult& cell : results.cells) ++counts[std::string(to_string(cell.status))];
  return counts;
}

bool any_fails(const trial::Results& results) {
  return std::any_of(
      results.verdicts.begin(), results.verdicts.end(),
      [](const claims::Verdict& one) { return one.outcome == claims::Outcome::fails; });
}

bool any_undecided(const trial::Results& results) {
  if (results.verdicts.size() < results.spec.claims.size()) return true;
  return std::any_of(
      results.verdicts.begin(), results.verdicts.end(),
      [](const claims::Verdict& one) { return one.outcome == claims::Outcome::undecided; });
}

Json results_json(const trial::Results& results) {
  Json::Array variants, estimates, cells, verdicts, looks;
  for (const trial::Variant& variant : results.variants) {
    variants.push_back(Json::object({{"name", variant.name}, {"parameters", variant.parameters}}));
  }
  for (const trial::Estimate& one : results.estimates) {
    estimates.push_back(Json::object({{"variant", one.variant},
                                      {"measure", one.measure},
                                      {"n", one.values.size()},
                                      {"mean", one.mean},
                                      {"low", one.low},
                                      {"high", one.high}}));
  }
  for (const trial::CellResult& cell : results.cells) {
    JsonObject values;
    for (const auto& [name, value] : cell.values) values[name] = value;
    cells.push_back(Json::object({{"cell", cell.id},
                                  {"variant", cell.cell.variant},
                                  {"seed", cell.cell.seed},
                                  {"status", to_string(cell.status)},
                                  {"seconds", cell.run ? Json(cell.run->wall_seconds) : Json()},
                                  {"measures", std::move(values)}}));
  }
  for (const claims::Verdict& verdict : results.verdicts) {
    verdicts.push_back(claims::to_json(verdict));
  }
  for (const store::Look& look : results.looks) {
    looks.push_back(Json::object({{"seeds", look.seeds}, {"alpha_spent", look.alpha_spent}}));
  }
  return Json::object({{"study", results.spec.study.name},
                       {"title", results.spec.study.title},
                       {"complete", results.is_complete},
                       {"registered_seeds", Json::array_of(results.registered)},
                       {"seeds", Json::array_of(results.seeds)},
                       {"variants", std::move(variants)},
                       {"estimates", std::move(estimates)},
                       {"cells", std::move(cells)},
                       {"verdicts", std::move(verdicts)},
                       {"level", results.level},
                       {"looks", std::move(looks)},
                       {"changes", Json::array_of(results.changes)},
                       {"errors", Json::array_of(results.errors)}});
}

}  // namespace ordo::study
