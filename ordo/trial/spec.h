// A study as its TOML file states it: what is fixed, what varies, how a cell is run, what is
// measured and what is claimed. Reading checks everything that can be known before a cell runs;
// every error names file, line, column and field. Reference: docs/study.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ordo/base/options.h"

namespace ordo::trial {

/// [study]: the comparison as a whole.
struct StudyOptions {
  std::string name;      ///< letters, digits, '-', '_' and '.'; default: the file's stem
  std::string title;     ///< a heading; default: the name
  std::string question;  ///< the question in a sentence
  double alpha = 0.05;   ///< error rate of all claims together, in (0, 0.5)
  std::string method = "automatic";  ///< test of every claim that names none
  bool paired = true;                ///< seed s of one variant is compared with seed s of another
  bool exclusive = false;            ///< one cell at a time, with all cores
  int jobs = 0;                      ///< cells at once; 0: one a core
  double timeout = 0;                ///< seconds a cell may run; 0: no limit
  double memory = 0;                 ///< MiB a cell may use; 0: no limit
  int retries = 0;                   ///< further attempts at a cell that failed
  std::vector<std::string> tags;
  std::string kind = "process";  ///< "process", "worker" or "many"
  void describe(OptionSet& set);
};

/// [command]: how a cell is run. Words and values of `env` and `stdin` may hold {placeholders}.
struct CommandText {
  std::vector<std::string> words;   ///< the argument vector; empty if `script` is set
  std::string script;               ///< for /bin/sh -c, with `shell = true`
  std::vector<std::string> worker;  ///< of kind "worker": the program that stays loaded
  std::string folder = ".";         ///< working folder, relative to the study's file
  std::string input;                ///< text for standard input
  std::vector<std::pair<std::string, std::string>> environment;
  Location where;  ///< of `run`
};

/// A [[variant]] block; without blocks a study has one, nameless.
struct VariantBlock {
  std::string name;
  std::string note;
  JsonObject parameters;               ///< override [fixed]
  std::optional<CommandText> command;  ///< instead of [command]
  Location where;
};

/// Columns that vary together: a line of [vary] has one column, a [[zip]] block several.
struct Axis {
  std::vector<std::string> columns;
  std::vector<std::vector<Json>> rows;  ///< [values, columns]
};

/// A parameter of [search].
struct Distribution {
  enum class Kind { uniform, loguniform, integer, choice } kind = Kind::uniform;
  std::string column;
  double low = 0, high = 0;   ///< both ends belong to `integer`; the others are half open
  std::vector<Json> choices;  ///< of `choice`
};

/// [search]: `samples` random settings, drawn once from a seed of their own. Sample i of a
/// parameter depends on nothing but the seed, i and the parameter's name, so that more samples or
/// another parameter leave the old ones as they are.
struct Search {
  int samples = 0;  ///< 0: no search
  std::uint64_t seed = 0;
  std::vector<Distribution> distributions;
};

/// [[exclude]]: variants whose parameters take one of the listed values in every listed column
/// are left out. The column "variant" stands for a block's name.
struct Exclusion {
  std::vector<std::pair<std::string, std::vector<Json>>> columns;
  Location where;
};

/// [measure]: a name and the expression that makes one number of a cell.
struct MeasureText {
  std::string name;
  std::string expression;
  Location where;
};

/// [[claim]]: a statement over measures of variants.
struct ClaimText {
  std::string text;            ///< "acc(knn) > acc(centroid) by 0.01"
  std::string name;            ///< default: "claim-1", "claim-2", ...
  std::string note;            ///< why it is expected, or what it would mean
  std::string method;          ///< empty: the study's
  std::optional<bool> paired;  ///< empty: the study's
  Location where;
  void describe(OptionSet& set);
};

/// [report]: what the HTML page shows.
struct ReportOptions {
  std::string out;                  ///< relative to the study's file; default: NAME.html here
  std::vector<std::string> curves;  ///< metrics drawn as learning curves; empty: all
  void describe(OptionSet& set);
};

struct Spec {
  StudyOptions study;
  std::vector<std::int64_t> seeds;  ///< registered, in order, distinct
  JsonObject fixed;
  std::vector<Axis> axes;  ///< [vary], then [[zip]]
  std::vector<VariantBlock> blocks;
  Search search;
  std::vector<Exclusion> exclusions;
  CommandText command;
  std::vector<MeasureText> measures;
  std::vector<ClaimText> claims;
  ReportOptions report;
  std::string source;            ///< the file's name as it was given
  std::filesystem::path folder;  ///< where relative paths start
  std::string text;              ///< the TOML, byte for byte
};

/// The names that placeholders may use besides parameters: seed, variant, cell, study, threads,
/// folder, parameters. A parameter cannot be called so.
const std::vector<std::string>& built_in_names();

/// More variants or cells than this are refused.
inline constexpr std::size_t kMaxVariants = 100'000;
inline constexpr std::size_t kMaxCells = 10'000'000;

/// Reads and checks a study. Throws InputError and IoError.
Spec read_spec(const std::filesystem::path& file);
/// The same of a text. `source` names it in errors; `folder` is where its relative paths start.
/// All names are checked too: placeholders, the columns of [[exclude]], and the measures and
/// variants that claims speak of.
Spec parse_spec(std::string_view text, const std::string& source,
                const std::filesystem::path& folder);

/// The seeds 1, ..., count.
std::vector<std::int64_t> first_seeds(int count);

/// JSON Schema (draft 2020-12) of a study's file, for editors.
Json spec_schema();
/// The reference of a study's file as Markdown tables, one a section.
std::string spec_markdown();

}  // namespace ordo::trial
