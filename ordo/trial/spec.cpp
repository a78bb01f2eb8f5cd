#include "ordo/trial/spec.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/file.h"
#include "ordo/base/toml.h"
#include "ordo/trial/expand.h"
#include "ordo/trial/placeholder.h"
#include "ordo/trial/spec_schema.h"

namespace ordo::trial {
namespace {

std::vector<std::string> method_names() {
  return {"automatic", "student", "permutation", "wilcoxon", "bootstrap"};
}

// A JSON pointer's token: '~' and '/' are written ~0 and ~1 (RFC 6901).
std::string token(std::string_view key) {
  std::string out;
  for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

bool is_slug(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

// Reads the sections of one document into a Spec.
class Reader {
 public:
  Reader(const TomlDocument& document, Spec& spec) : document_(document), spec_(spec) {}

  void read() {
    check_sections();
    read_study();
    read_fixed();
    read_vary();
    read_zips();
    read_variants();
    read_exclusions();
    read_search();
    if (const Json* table = find("command")) spec_.command = read_command(*table, "/command");
    read_measures();
    read_claims();
    if (const Json* table = find("report")) apply("report", *table, "/report", spec_.report);
  }

 private:
  Location at(const std::string& pointer) const { return document_.locate(pointer); }
  const Json* find(std::string_view name) const { return document_.root().find(name); }
  [[noreturn]] void fail(const std::string& pointer, const std::string& message) const {
    throw InputError(at(pointer), message);
  }

  const std::string& text(const Json& value, const std::string& pointer) const {
    if (!value.is_string()) {
      fail(pointer, fmt::format("expected a string, found {}", value.type_name()));
    }
    return value.as_string();
  }

  const Json::Array& list(const Json& value, const std::string& pointer) const {
    if (!value.is_array()) {
      fail(pointer, fmt::format("expected an array, found {}", value.type_name()));
    }
    if (value.size() == 0) fail(pointer, "expected at least one value, found an empty array");
    return value.as_array();
  }

  // Every section's name is known and has the right form: [table] or [[blocks]].
  void check_sections() const {
    std::vector<std::string> names;
    for (const Section& known : sections()) names.push_back(known.name);
    for (const JsonMember& member : document_.root().as_object()) {
      const std::string pointer = "/" + token(member.key);
      if (std::count(names.begin(), names.end(), member.key) == 0) {
        const auto near = nearest(member.key, names);
        fail(pointer, near ? fmt::format("unknown section; did you mean '{}'?", *near)
                           : fmt::format("unknown section; known are {}", fmt::join(names, ", ")));
      }
      const Section& known = section(member.key);
      const bool wants_table = known.form == Section::Form::table;
      if (wants_table && !member.value.is_object()) {
        fail(pointer, fmt::format("expected a table: [{}]", member.key));
      }
      if (wants_table) continue;
      if (!member.value.is_array()) {
        fail(pointer, fmt::format("expected blocks: [[{}]]", member.key));
      }
      for (std::size_t i = 0; i < member.value.size(); ++i) {
        if (!member.value.as_array()[i].is_object()) {
          fail(fmt::format("{}/{}", pointer, i),
               fmt::format("expected a block: [[{}]]", member.key));
        }
      }
    }
    for (const char* needed : {"study", "command"}) {
      if (find(needed) == nullptr) {
        if (std::string_view(needed) == "command" && every_variant_has_a_command()) continue;
        throw InputError({.source = document_.source()},
                         fmt::format("the section [{}] is missing", needed));
      }
    }
  }

  bool every_variant_has_a_command() const {
    const Json* blocks = find("variant");
    if (blocks == nullptr || !blocks->is_array() || blocks->size() == 0) return false;
    const Json::Array& all = blocks->as_array();
    return std::all_of(all.begin(), all.end(),
                       [](const Json& block) { return block.find("command") != nullptr; });
  }

  void refuse_unknown_keys(const Json& table, const std::vector<std::string>& known,
                           const std::string& pointer) const {
    for (const JsonMember& member : table.as_object()) {
      if (std::count(known.begin(), known.end(), member.key) > 0) continue;
      const auto near = nearest(member.key, known);
      fail(pointer + "/" + token(member.key),
           near ? fmt::format("unknown key; did you mean '{}'?", *near)
                : fmt::format("unknown key; known are {}", fmt::join(known, ", ")));
    }
  }

  template <class Options>
  void apply(std::string_view name, const Json& table, const std::string& pointer,
             Options& options) const {
    const Section& known = section(name);
    const OptionSet set = describe(options);
    std::vector<std::string> names;
    for (const Option& option : set.options()) names.push_back(option.name());
    for (const FreeKey& key : known.keys) names.push_back(key.name);
    refuse_unknown_keys(table, names, pointer);
    JsonObject described;
    for (const JsonMember& member : table.as_object()) {
      const bool is_free = std::any_of(known.keys.begin(), known.keys.end(),
                                       [&](const FreeKey& key) { return key.name == member.key; });
      if (!is_free) described[member.key] = member.value;
    }
    Location where = at(pointer);
    set.apply(described, where,
              [&](const std::string& key) { return at(pointer + "/" + token(key)); });
    for (const std::string& key : known.required) {
      if (table.find(key) == nullptr) fail(pointer, fmt::format("the key '{}' is missing", key));
    }
  }

  void read_study() {
    const Json& table = *find("study");
    apply("study", table, "/study", spec_.study);
    StudyOptions& study = spec_.study;
    if (study.name.empty()) study.name = std::filesystem::path(spec_.source).stem().string();
    if (!is_slug(study.name)) {
      fail("/study/name", fmt::format("expected a name of letters, digits, '-', '_' and '.', found "
                                      "'{}'",
                                      study.name));
    }
    if (study.title.empty()) study.title = study.name;
    if (!(study.alpha > 0 && study.alpha < 0.5)) {
      fail("/study/alpha",
           fmt::format("expected a number above 0 and below 0.5, found {}", study.alpha));
    }
    read_seeds(*table.find("seeds"));
  }

  void read_seeds(const Json& seeds) {
    const std::string pointer = "/study/seeds";
    if (seeds.is_int()) {
      if (seeds.as_int() < 1 || seeds.as_int() > 1'000'000) {
        fail(pointer, fmt::format("expected 1 to 1000000 seeds, found {}", seeds.as_int()));
      }
      spec_.seeds = first_seeds(static_cast<int>(seeds.as_int()));
      return;
    }
    if (!seeds.is_array()) {
      fail(pointer, fmt::format("expected a number of seeds or an array of them, found {}",
                                seeds.type_name()));
    }
    std::set<std::int64_t> seen;
    std::size_t place = 0;
    for (const Json& seed : list(seeds, pointer)) {
      const std::string where = fmt::format("{}/{}", pointer, place++);
      if (!seed.is_int())
        fail(where, fmt::format("expected an integer, found {}", seed.type_name()));
      if (!seen.insert(seed.as_int()).second) {
        fail(where, fmt::format("the seed {} stands here twice", seed.as_int()));
      }
      spec_.seeds.push_back(seed.as_int());
    }
  }

  void check_parameter_name(const std::string& name, const std::string& pointer) const {
    const std::vector<std::string>& taken = built_in_names();
    if (std::count(taken.begin(), taken.end(), name) > 0) {
      fail(pointer, fmt::format("'{}' is taken: it is one of the built-in placeholders {}", name,
                                fmt::join(taken, ", ")));
    }
    if (!is_slug(name) || (name[0] >= '0' && name[0] <= '9')) {
      fail(pointer, fmt::format("expected a parameter's name (letters, digits, '-', '_', '.', not "
                                "beginning with a digit), found '{}'",
                                name));
    }
  }

  void read_fixed() {
    const Json* table = find("fixed");
    if (table == nullptr) return;
    for (const JsonMember& member : table->as_object()) {
      check_parameter_name(member.key, "/fixed/" + token(member.key));
      spec_.fixed[member.key] = member.value;
    }
  }

  void claim_column(const std::string& name, const std::string& pointer) {
    check_parameter_name(name, pointer);
    if (!columns_.insert(name).second) {
      fail(pointer, fmt::format("'{}' varies already: each parameter stands in one of [vary], "
                                "[[zip]] and [search]",
                                name));
    }
  }

  void read_vary() {
    const Json* table = find("vary");
    if (table == nullptr) return;
    for (const JsonMember& member : table->as_object()) {
      const std::string pointer = "/vary/" + token(member.key);
      claim_column(member.key, pointer);
      Axis axis{.columns = {member.key}, .rows = {}};
      for (const Json& value : list(member.value, pointer)) {
        const std::vector<Json> row = {value};
        if (std::count(axis.rows.begin(), axis.rows.end(), row) > 0) {
          fail(pointer, fmt::format("the value {} stands here twice", value.dump()));
        }
        axis.rows.push_back(row);
      }
      spec_.axes.push_back(std::move(axis));
    }
  }

  void read_zips() {
    const Json* blocks = find("zip");
    if (blocks == nullptr) return;
    for (std::size_t i = 0; i < blocks->size(); ++i) {
      const Json& block = blocks->as_array()[i];
      Axis axis;
      for (const JsonMember& member : block.as_object()) {
        const std::string pointer = fmt::format("/zip/{}/{}", i, token(member.key));
        claim_column(member.key, pointer);
        const Json::Array& values = list(member.value, pointer);
        if (axis.columns.empty()) axis.rows.resize(values.size());
        if (values.size() != axis.rows.size()) {
          fail(pointer, fmt::format("expected {} values, as many as '{}' has, found {}",
                                    axis.rows.size(), axis.columns[0], values.size()));
        }
        axis.columns.push_back(member.key);
        for (std::size_t row = 0; row < values.size(); ++row) axis.rows[row].push_back(values[row]);
      }
      if (axis.columns.empty()) fail(fmt::format("/zip/{}", i), "expected parameters that vary");
      spec_.axes.push_back(std::move(axis));
    }
  }

  void read_variants() {
    const Json* blocks = find("variant");
    if (blocks == nullptr) return;
    std::set<std::string> names;
    for (std::size_t i = 0; i < blocks->size(); ++i) {
      const std::string pointer = fmt::format("/variant/{}", i);
      VariantBlock block;
      block.where = at(pointer);
      for (const JsonMember& member : blocks->as_array()[i].as_object()) {
        const std::string place = pointer + "/" + token(member.key);
        if (member.key == "name") {
          block.name = text(member.value, place);
        } else if (member.key == "note") {
          block.note = text(member.value, place);
        } else if (member.key == "command") {
          if (!member.value.is_object()) {
            fail(place, fmt::format("expected a table, found {}", member.value.type_name()));
          }
          block.command = read_command(member.value, place);
        } else {
          check_parameter_name(member.key, place);
          block.parameters[member.key] = member.value;
        }
      }
      if (block.name.empty()) fail(pointer, "the key 'name' is missing");
      if (!names.insert(block.name).second) {
        fail(pointer + "/name", fmt::format("there are two variants called '{}'", block.name));
      }
      spec_.blocks.push_back(std::move(block));
    }
  }

  void read_exclusions() {
    const Json* blocks = find("exclude");
    if (blocks == nullptr) return;
    for (std::size_t i = 0; i < blocks->size(); ++i) {
      Exclusion exclusion;
      exclusion.where = at(fmt::format("/exclude/{}", i));
      for (const JsonMember& member : blocks->as_array()[i].as_object()) {
        exclusion.columns.emplace_back(member.key, member.value.is_array()
                                                       ? member.value.as_array()
                                                       : Json::Array{member.value});
      }
      if (exclusion.columns.empty()) {
        throw InputError(exclusion.where, "expected parameters and the values to leave out");
      }
      spec_.exclusions.push_back(std::move(exclusion));
    }
  }

  void read_search() {
    const Json* table = find("search");
    if (table == nullptr) return;
    for (const JsonMember& member : table->as_object()) {
      const std::string pointer = "/search/" + token(member.key);
      if (member.key == "samples" || member.key == "seed") {
        const std::int64_t low = member.key == "samples" ? 1 : 0;
        if (!member.value.is_int() || member.value.as_int() < low) {
          fail(pointer, fmt::format("expected an integer of at least {}, found {}", low,
                                    member.value.dump()));
        }
        if (member.key == "seed") {
          spec_.search.seed = static_cast<std::uint64_t>(member.value.as_int());
        } else {
          if (member.value.as_int() > static_cast<std::int64_t>(kMaxVariants)) {
            fail(pointer, fmt::format("expected at most {}", kMaxVariants));
          }
          spec_.search.samples = static_cast<int>(member.value.as_int());
        }
        continue;
      }
      claim_column(member.key, pointer);
      spec_.search.distributions.push_back(read_distribution(member.key, member.value, pointer));
    }
    if (spec_.search.samples == 0) fail("/search", "the key 'samples' is missing");
    if (spec_.search.distributions.empty()) {
      fail("/search", "expected parameters, such as rate = { loguniform = [1e-4, 1e-1] }");
    }
  }

  Distribution read_distribution(const std::string& column, const Json& value,
                                 const std::string& pointer) const {
    using Kind = Distribution::Kind;
    static const std::vector<std::pair<std::string, Kind>> kKinds = {
        {"uniform", Kind::uniform},
        {"loguniform", Kind::loguniform},
        {"int", Kind::integer},
        {"choice", Kind::choice}};
    if (!value.is_object() || value.size() != 1) {
      fail(pointer,
           "expected one distribution: { uniform = [low, high] }, { loguniform = [low, "
           "high] }, { int = [low, high] } or { choice = [...] }");
    }
    const JsonMember& member = *value.as_object().begin();
    const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                    [&](const auto& kind) { return kind.first == member.key; });
    if (found == kKinds.end()) {
      const auto near = nearest(member.key, {"uniform", "loguniform", "int", "choice"});
      fail(pointer, fmt::format("unknown distribution '{}'; {}", member.key,
                                near ? fmt::format("did you mean '{}'?", *near)
                                     : "known are uniform, loguniform, int, choice"));
    }
    Distribution distribution{.kind = found->second, .column = column, .choices = {}};
    const Json::Array& values = list(member.value, pointer);
    if (distribution.kind == Kind::choice) {
      distribution.choices = values;
      return distribution;
    }
    const bool is_integer = distribution.kind == Kind::integer;
    const auto fits = [&](const Json& bound) {
      return is_integer ? bound.is_int() : bound.is_number();
    };
    if (values.size() != 2 || !fits(values[0]) || !fits(values[1]) ||
        !(values[0].as_double() < values[1].as_double())) {
      fail(pointer, fmt::format("expected [low, high], {} with low < high, found {}",
                                is_integer ? "two integers" : "two numbers", member.value.dump()));
    }
    distribution.low = values[0].as_double();
    distribution.high = values[1].as_double();
    if (is_integer && (distribution.low < -0x1p52 || distribution.high > 0x1p52)) {
      fail(pointer, "expected integers within 2^52 of zero");
    }
    if (distribution.kind == Kind::loguniform && !(distribution.low > 0)) {
      fail(pointer, fmt::format("expected low above 0, found {}", distribution.low));
    }
    return distribution;
  }

  std::vector<std::string> read_words(const Json& value, const std::string& pointer) const {
    std::vector<std::string> words;
    if (value.is_string()) {
      words = split_words(value.as_string(), at(pointer));
    } else {
      std::size_t place = 0;
      for (const Json& word : list(value, pointer)) {
        words.push_back(text(word, fmt::format("{}/{}", pointer, place++)));
      }
    }
    if (words.empty()) fail(pointer, "expected a command, found nothing");
    return words;
  }

  CommandText read_command(const Json& table, const std::string& pointer) const {
    std::vector<std::string> known;
    for (const FreeKey& key : section("command").keys) known.push_back(key.name);
    refuse_unknown_keys(table, known, pointer);
    const Json* run = table.find("run");
    if (run == nullptr) fail(pointer, "the key 'run' is missing");
    CommandText command;
    command.where = at(pointer + "/run");
    bool shell = false;
    if (const Json* value = table.find("shell")) {
      if (!value->is_bool()) fail(pointer + "/shell", "expected true or false");
      shell = value->as_bool();
    }
    if (shell) {
      command.script = text(*run, pointer + "/run");
      if (command.script.empty()) fail(pointer + "/run", "expected a command, found nothing");
    } else {
      command.words = read_words(*run, pointer + "/run");
    }
    if (const Json* value = table.find("worker")) {
      command.worker = read_words(*value, pointer + "/worker");
    }
    if (const Json* value = table.find("folder"))
      command.folder = text(*value, pointer + "/folder");
    if (const Json* value = table.find("stdin")) command.input = text(*value, pointer + "/stdin");
    if (const Json* value = table.find("env")) {
      if (!value->is_object()) fail(pointer + "/env", "expected a table of strings");
      for (const JsonMember& member : value->as_object()) {
        const std::string place = pointer + "/env/" + token(member.key);
        if (member.key.empty() || member.key.find('=') != std::string::npos) {
          fail(place, "expected the name of an environment variable");
        }
        command.environment.emplace_back(member.key, text(member.value, place));
      }
    }
    check_kind(command, shell, pointer);
    return command;
  }

  void check_kind(const CommandText& command, bool shell, const std::string& pointer) const {
    const bool is_worker = spec_.study.kind == "worker";
    if (is_worker && command.worker.empty()) {
      fail(pointer, "kind = \"worker\" needs the key 'worker': the program that stays loaded");
    }
    if (!is_worker && !command.worker.empty()) {
      fail(pointer + "/worker", "this key needs kind = \"worker\" in [study]");
    }
    if (is_worker && shell) fail(pointer + "/shell", "a worker's cells have no shell");
  }

  void read_measures() {
    const Json* table = find("measure");
    if (table == nullptr) return;
    for (const JsonMember& member : table->as_object()) {
      const std::string pointer = "/measure/" + token(member.key);
      check_measure_name(member.key, pointer);
      spec_.measures.push_back({member.key, text(member.value, pointer), at(pointer)});
    }
  }

  void check_measure_name(const std::string& name, const std::string& pointer) const {
    const bool is_word = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
                         std::all_of(name.begin(), name.end(), [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                  (c >= '0' && c <= '9') || c == '_';
                         });
    if (!is_word) {
      fail(pointer, fmt::format("expected a measure's name (letters, digits and '_', not beginning "
                                "with a digit), found '{}'",
                                name));
    }
  }

  void read_claims() {
    const Json* blocks = find("claim");
    if (blocks == nullptr) return;
    std::set<std::string> names;
    for (std::size_t i = 0; i < blocks->size(); ++i) {
      const std::string pointer = fmt::format("/claim/{}", i);
      ClaimText claim;
      apply("claim", blocks->as_array()[i], pointer, claim);
      claim.where = at(pointer + "/text");
      if (claim.name.empty()) claim.name = fmt::format("claim-{}", i + 1);
      if (!names.insert(claim.name).second) {
        fail(pointer, fmt::format("there are two claims called '{}'", claim.name));
      }
      spec_.claims.push_back(std::move(claim));
    }
  }

  const TomlDocument& document_;
  Spec& spec_;
  std::set<std::string> columns_;  // parameters that vary
};

}  // namespace

void StudyOptions::describe(OptionSet& set) {
  set.add("name", name, "Letters, digits, `-`, `_` and `.`. Empty: the file's stem.");
  set.add("title", title, "A heading. Empty: the name.");
  set.add("question", question, "What is asked, in a sentence.");
  set.add("alpha", alpha,
          "Probability that any claim at all gets a false verdict of a kind; above 0, below 0.5.")
      .range(0, 0.5);
  set.add("method", method, "Test of every claim that names none (docs/claims.md).")
      .choices(method_names());
  set.add("paired", paired, "Compare seed by seed. Right whenever a seed fixes the data split.");
  set.add("exclusive", exclusive, "One cell at a time, with all cores: for claims on seconds.");
  set.add("jobs", jobs, "Cells at once; 0: one a core.").range(0, 10'000);
  set.add("timeout", timeout, "Seconds a cell may run; 0: no limit.").range(0);
  set.add("memory", memory, "MiB that a cell may use; 0: no limit.").range(0, 1e9);
  set.add("retries", retries, "Further attempts at a cell that failed.").range(0, 100);
  set.add("tags", tags, "Words to find it by in `ordo study list`.");
  set.add("kind", kind,
          "`process`: a process a cell. `worker`: a program that stays loaded and forks for each "
          "cell. `many`: a process that reports many cells (docs/events.md).")
      .choices({"process", "worker", "many"});
}

void ClaimText::describe(OptionSet& set) {
  set.add("text", text, "What is claimed, such as `acc(knn) > acc(centroid) by 0.01`.").required();
  set.add("name", name, "How it is called. Empty: `claim-1`, `claim-2`, ...");
  set.add("note", note, "Why it is expected, or what it would mean.");
  auto names = method_names();
  names.emplace_back("");
  set.add("method", method, "Its own test. Empty: the study's.").choices(names);
  set.add("paired", paired, "Compare seed by seed. Null: as the study says.");
}

void ReportOptions::describe(OptionSet& set) {
  set.add("out", out,
          "Where the page goes, relative to the study's file. Empty: `NAME.html` in the current "
          "folder.");
  set.add("curves", curves, "Metrics drawn as learning curves. Empty: all.");
}

const std::vector<std::string>& built_in_names() {
  static const std::vector<std::string> kNames = {"seed",    "variant", "cell",      "study",
                                                  "threads", "folder",  "parameters"};
  return kNames;
}

std::vector<std::int64_t> first_seeds(int count) {
  std::vector<std::int64_t> seeds(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) seeds[static_cast<std::size_t>(i)] = i + 1;
  return seeds;
}

Spec parse_spec(std::string_view text, const std::string& source,
                const std::filesystem::path& folder) {
  Spec spec;
  spec.source = source;
  spec.folder = folder;
  spec.text = std::string(text);
  const TomlDocument document = parse_toml(text, source);
  Reader(document, spec).read();
  check(spec);
  return spec;
}

Spec read_spec(const std::filesystem::path& file) {
  return parse_spec(read_file(file), file.string(), std::filesystem::absolute(file).parent_path());
}

}  // namespace ordo::trial
