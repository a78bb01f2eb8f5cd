// `ordo study log`, `list`, `tag`, `delete`, `new` and `schema`.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/file.h"
#include "ordo/study/show.h"
#include "ordo/study/verbs.h"

namespace ordo::study {
namespace {

store::Store open_store(const StoreOption& options, const Surroundings& around,
                        store::Access access, Context& context) {
  return store::Store(around.folder / options.store, {.access = access}, context);
}

constexpr std::string_view kTemplate =
    R"TOML(# A study: what is compared, how often, and what you claim. Run it with
#   ordo study run {file}
# Everything that a study's file may hold: docs/study.md, or 'ordo study schema --markdown'.

[study]
title = "Does method B beat method A?"
question = "Is the score of method b higher than that of method a, on the same data?"
seeds = 10         # 1 to 10; decided before the first run. More seeds show smaller differences.
timeout = 60       # seconds a run may take

# Parameters that all variants share. {{difficulty}} in the command is replaced by the value.
[fixed]
difficulty = 5.0

# One block for each thing that is compared. Whatever is set here overrides [fixed].
[[variant]]
name = "a"
method = "plain"

[[variant]]
name = "b"
method = "better"

# How one run is started: any program, in any language, without changing it. The words in braces
# are replaced by the run's parameters and its seed. The program's last line is a JSON object of
# results; a program that prints none still has its time and its exit status. Put your own here:
#   run = "python3 train.py --method {{method}} --seed {{seed}}"
[command]
run = ["python3", "-c", '''
import json, random, sys
method, difficulty, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
luck = random.Random(seed).gauss(0, 1)       # the same for both methods: seeds make pairs
noise = random.Random(f"{{seed}}{{method}}").gauss(0, 0.5)
score = 10 - difficulty + luck + noise + (1.5 if method == "better" else 0)
print(json.dumps({{"score": score}}))
''', "{{method}}", "{{difficulty}}", "{{seed}}"]

# One number of each run: here the result called "score". Others: final(loss), best(accuracy),
# first_step(accuracy >= 0.9), seconds, peak_memory (docs/claims.md).
[measure]
score = "score"
time = "seconds"

# What you expect, decided before you look. The verdict is: holds, fails or undecided.
[[claim]]
name = "b-beats-a"
text = "score(b) > score(a)"
)TOML";

}  // namespace

void CellOption::describe(OptionSet& set) {
  set.positional("cell", cell, "A cell's number, or STUDY/VARIANT/SEED.").required();
  StoreOption::describe(set);
}

store::Cell find_cell(const store::Store& store, const std::string& name) {
  store::CellId id = 0;
  const char* const end = name.data() + name.size();
  if (const auto [rest, error] = std::from_chars(name.data(), end, id);
      error == std::errc() && rest == end) {
    if (const auto cell = store.cell(id)) return *cell;
    throw UsageError(fmt::format("there is no cell {}; 'ordo study status STUDY' lists cells", id));
  }
  const std::size_t first = name.find('/'), last = name.rfind('/');
  if (first == last) {
    throw UsageError(
        fmt::format("expected a cell's number or STUDY/VARIANT/SEED, found '{}'", name));
  }
  const std::string study = name.substr(0, first), seed = name.substr(last + 1);
  const std::string variant = name.substr(first + 1, last - first - 1);
  trial::read_registered(store, study);  // says which studies there are
  for (const store::Cell& cell : store.cells(study)) {
    if (cell.variant == variant && std::to_string(cell.seed) == seed) return cell;
  }
  throw UsageError(
      fmt::format("the study '{}' has no cell of variant '{}' and seed {}", study, variant, seed));
}

CellLog cell_log(const CellOption& options, const Surroundings& around, Context& context) {
  const store::Store store = open_store(options, around, store::Access::read, context);
  CellLog log{find_cell(store, options.cell), {}, {}};
  if (log.cell.run) {
    log.run = store.run(*log.cell.run);
    log.log = store.log(*log.cell.run);
  }
  return log;
}

Json to_json(const CellLog& log) {
  return Json::object({{"cell", log.cell.id},
                       {"study", log.cell.study},
                       {"variant", log.cell.variant},
                       {"seed", log.cell.seed},
                       {"status", to_string(log.cell.status)},
                       {"reason", log.run ? Json(log.run->reason) : Json()},
                       {"head", log.log.head},
                       {"tail", log.log.tail},
                       {"bytes", log.log.bytes}});
}

std::string to_text(const CellLog& log) {
  std::string text = fmt::format("cell {}: {} {} seed {}, {}", log.cell.id, log.cell.study,
                                 log.cell.variant, log.cell.seed, to_string(log.cell.status));
  if (!log.run) return text + "; it has not run yet\n";
  if (!log.run->reason.empty()) text += ": " + log.run->reason;
  text += fmt::format(" ({:.2f} s, attempt {})\n", log.run->wall_seconds, log.run->attempt);
  text += log.log.head;
  const std::int64_t shown = static_cast<std::int64_t>(log.log.head.size() + log.log.tail.size());
  if (log.log.bytes > shown)
    text += fmt::format("\n[... {} bytes left out ...]\n", log.log.bytes - shown);
  text += log.log.tail;
  return text.ends_with('\n') ? text : text + "\n";
}

void ListOptions::describe(OptionSet& set) {
  set.add("tag", tag, "Only studies that have this tag.");
  StoreOption::describe(set);
}

Listing list_studies(const ListOptions& options, const Surroundings& around, Context& context) {
  const store::Store store = open_store(options, around, store::Access::read, context);
  Listing listing;
  for (store::Study& study : store.studies()) {
    if (!options.tag.empty() &&
        std::count(study.tags.begin(), study.tags.end(), options.tag) == 0) {
      continue;
    }
    Listing::Line line;
    line.title = trial::read_registered(store, study.name).spec.study.title;
    for (const store::Cell& cell : store.cells(study.name)) {
      ++line.counts[std::string(to_string(cell.status))];
    }
    line.study = std::move(study);
    listing.lines.push_back(std::move(line));
  }
  return listing;
}

Json to_json(const Listing& listing) {
  Json::Array studies;
  for (const Listing::Line& line : listing.lines) {
    JsonObject counts;
    for (const auto& [name, count] : line.counts) counts[name] = count;
    studies.push_back(Json::object({{"name", line.study.name},
                                    {"title", line.title},
                                    {"tags", Json::array_of(line.study.tags)},
                                    {"seeds", line.study.seeds.size()},
                                    {"cells", std::move(counts)}}));
  }
  return Json::object({{"studies", std::move(studies)}});
}

std::string to_text(const Listing& listing) {
  if (listing.lines.empty()) return "no studies\n";
  std::vector<std::vector<std::string>> rows = {{"study", "cells", "tags", "title"}};
  for (const Listing::Line& line : listing.lines) {
    std::vector<std::string> counts;
    for (const auto& [name, count] : line.counts)
      counts.push_back(fmt::format("{} {}", count, name));
    rows.push_back({line.study.name, fmt::format("{}", fmt::join(counts, ", ")),
                    fmt::format("{}", fmt::join(line.study.tags, " ")), line.title});
  }
  return align_columns(rows);
}

void TagOptions::describe(OptionSet& set) {
  set.positional("study", study, "The name of a stored study.").required();
  set.positional("tags", tags, "Words to find it by.").required();
  set.add("remove", remove, "Take these tags away instead.");
  StoreOption::describe(set);
}

Done tag_study(const TagOptions& options, const Surroundings& around, Context& context) {
  store::Store store = open_store(options, around, store::Access::write, context);
  trial::read_registered(store, options.study);  // says which studies there are
  store::Study study = *store.study(options.study);
  for (const std::string& tag : options.tags) {
    std::erase(study.tags, tag);
    if (!options.remove) study.tags.push_back(tag);
  }
  store.put_study(study);
  if (study.tags.empty()) return {study.name + " has no tags"};
  return {fmt::format("{} has the tags: {}", study.name, fmt::join(study.tags, " "))};
}

void DeleteOptions::describe(OptionSet& set) {
  set.positional("study", study, "The name of a stored study.").required();
  set.add("yes", yes, "Don't ask.").short_name('y');
  StoreOption::describe(set);
}

Done delete_study(const DeleteOptions& options, const Surroundings& around, Context& context) {
  store::Store store = open_store(options, around, store::Access::write, context);
  trial::read_registered(store, options.study);  // says which studies there are
  const std::size_t cells = store.cells(options.study).size();
  const std::string question = fmt::format(
      "delete the study '{}' with its {} cells and all their "
      "runs?",
      options.study, cells);
  if (!options.yes && !around.confirm) {
    throw UsageError(question + " Nobody is here to answer; repeat it with --yes");
  }
  if (!options.yes && !around.confirm(question)) return {"nothing was deleted"};
  store.delete_study(options.study);
  return {fmt::format("deleted '{}' with its {} cells; 'ordo store gc' gives the space back",
                      options.study, cells)};
}

void NewOptions::describe(OptionSet& set) {
  set.positional("file", file, "The file to write; it must not be there yet.").required();
}

Done new_study(const NewOptions& options, const Surroundings& around, Context&) {
  const std::filesystem::path file = around.folder / options.file;
  if (std::filesystem::exists(file)) {
    throw UsageError(
        fmt::format("'{}' is there already; choose another name", options.file.string()));
  }
  write_file_atomic(file, fmt::format(kTemplate, fmt::arg("file", options.file.string())));
  return {fmt::format("wrote {0}; change it, then: ordo study run {0}", options.file.string())};
}

Json to_json(const Done& done) { return Json::object({{"message", done.sentence}}); }
std::string to_text(const Done& done) { return done.sentence + "\n"; }

void SchemaOptions::describe(OptionSet& set) {
  set.add("markdown", markdown, "The reference as Markdown tables instead of a JSON schema.");
}

Schema schema(const SchemaOptions& options, Context&) { return {options.markdown}; }
Json to_json(const Schema&) { return trial::spec_schema(); }
std::string to_text(const Schema& schema) {
  return schema.markdown ? trial::spec_markdown() : trial::spec_schema().dump(2) + "\n";
}

}  // namespace ordo::study
