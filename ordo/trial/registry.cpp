#include "ordo/trial/registry.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ordo::trial {
namespace {

// The notes of a stored study: a line that says where its file is, then a line a change.
constexpr std::string_view kFileLine = "file: ";
constexpr std::string_view kChangeLine = "changed after results: ";

struct Notes {
  std::string file;
  std::vector<std::string> changes;
};

Notes parse_notes(std::string_view text) {
  Notes notes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(kFileLine)) notes.file = line.substr(kFileLine.size());
    if (line.starts_with(kChangeLine)) {
      notes.changes.emplace_back(line.substr(kChangeLine.size()));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return notes;
}

std::string to_text(const Notes& notes) {
  std::string text = fmt::format("{}{}\n", kFileLine, notes.file);
  for (const std::string& change : notes.changes)
    text += fmt::format("{}{}\n", kChangeLine, change);
  return text;
}

Spec spec_of(const store::Study& stored, const Notes& notes) {
  const std::filesystem::path file = notes.file;
  return parse_spec(stored.spec, notes.file, file.parent_path());
}

void compare_named(const std::string& kind, const std::map<std::string, std::string>& before,
                   const std::map<std::string, std::string>& now,
                   std::vector<std::string>& changes) {
  for (const auto& [name, text] : before) {
    const auto found = now.find(name);
    if (found == now.end()) {
      changes.push_back(fmt::format("{} '{}' removed (was: {})", kind, name, text));
    } else if (found->second != text) {
      changes.push_back(
          fmt::format("{} '{}' changed from: {} to: {}", kind, name, text, found->second));
    }
  }
  for (const auto& [name, text] : now) {
    if (!before.contains(name))
      changes.push_back(fmt::format("{} '{}' added: {}", kind, name, text));
  }
}

std::map<std::string, std::string> claims_by_name(const Spec& spec) {
  std::map<std::string, std::string> all;
  for (const ClaimText& claim : spec.claims) {
    std::string text = claim.text;
    if (!claim.method.empty()) text += fmt::format(" (method {})", claim.method);
    if (claim.paired) text += *claim.paired ? " (paired)" : " (unpaired)";
    all[claim.name] = text;
  }
  return all;
}

std::map<std::string, std::string> measures_by_name(const Spec& spec) {
  std::map<std::string, std::string> all;
  for (const MeasureText& measure : spec.measures) all[measure.name] = measure.expression;
  return all;
}

bool has_results(const store::Store& store, const std::string& study) {
  const auto cells = store.cells(study);
  return std::any_of(cells.begin(), cells.end(), [](const store::Cell& cell) {
    return cell.status == store::Status::done || cell.status == store::Status::stale;
  });
}

}  // namespace

std::vector<std::string> registered_changes(const Spec& before, const Spec& now) {
  std::vector<std::string> changes;
  if (before.seeds != now.seeds) {
    changes.push_back(fmt::format("seeds changed from {} to {}", fmt::join(before.seeds, " "),
                                  fmt::join(now.seeds, " ")));
  }
  if (before.study.alpha != now.study.alpha) {
    changes.push_back(
        fmt::format("alpha changed from {} to {}", before.study.alpha, now.study.alpha));
  }
  if (before.study.method != now.study.method) {
    changes.push_back(
        fmt::format("method changed from {} to {}", before.study.method, now.study.method));
  }
  if (before.study.paired != now.study.paired) {
    changes.push_back(
        fmt::format("paired changed from {} to {}", before.study.paired, now.study.paired));
  }
  compare_named("measure", measures_by_name(before), measures_by_name(now), changes);
  compare_named("claim", claims_by_name(before), claims_by_name(now), changes);
  return changes;
}

std::vector<std::string> register_study(store::Store& store, const Spec& spec) {
  store::Study study;
  study.name = spec.study.name;
  study.spec = spec.text;
  study.seeds = spec.seeds;
  study.alpha = spec.study.alpha;
  study.tags = spec.study.tags;
  Notes notes;
  std::vector<std::string> changes;
  if (const auto stored = store.study(study.name)) {
    notes = parse_notes(stored->notes);
    if (has_results(store, study.name)) {
      changes = registered_changes(spec_of(*stored, notes), spec);
      notes.changes.insert(notes.changes.end(), changes.begin(), changes.end());
    }
    if (!store.looks(study.name).empty()) study.seeds = stored->seeds;
    study.created = stored->created;
    for (const std::string& tag : stored->tags) {
      if (std::count(study.tags.begin(), study.tags.end(), tag) == 0) study.tags.push_back(tag);
    }
  }
  notes.file = std::filesystem::absolute(spec.source).string();
  study.notes = to_text(notes);
  store.put_study(study);
  return changes;
}

Registered read_registered(const store::Store& store, const std::string& name) {
  const auto stored = store.study(name);
  if (!stored) {
    std::vector<std::string> names;
    for (const store::Study& study : store.studies()) names.push_back(study.name);
    const auto near = nearest(name, names);
    throw UsageError(
        fmt::format("there is no study '{}' in the store {}; {}", name, store.folder().string(),
                    near            ? fmt::format("did you mean '{}'?", *near)
                    : names.empty() ? "it has none yet: 'ordo study run FILE.toml' makes one"
                                    : fmt::format("it has {}", fmt::join(names, ", "))));
  }
  const Notes notes = parse_notes(stored->notes);
  return {spec_of(*stored, notes), stored->seeds, notes.changes};
}

bool is_file_name(const std::string& study) {
  return std::filesystem::path(study).extension() == ".toml" ||
         std::filesystem::is_regular_file(study);
}

}  // namespace ordo::trial
