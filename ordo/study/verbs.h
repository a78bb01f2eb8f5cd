// The verbs of `ordo study`: one options struct and one function each.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ordo/study/runner.h"
#include "ordo/trial/results.h"

namespace ordo::study {

/// What a run is about to do; told to a StudyObserver before the first cell.
struct Plan {
  std::string study;
  std::vector<std::string> variants;  ///< in order
  std::vector<trial::Job> jobs;       ///< to be run
  std::size_t cells = 0;              ///< of the study (of this shard)
  std::size_t finished = 0;           ///< of these, not to be run again
  int jobs_at_once = 1;
};

/// A RunObserver that knows the plan.
class StudyObserver : public RunObserver {
 public:
  virtual void begin(const Plan&) {}
  virtual void end() {}
};

/// What verbs need of the world around them; a program fills it in.
struct Surroundings {
  std::filesystem::path folder;                          ///< where relative paths start
  std::vector<std::filesystem::path> search_path;        ///< where programs are looked up
  std::map<std::string, std::string> environment;        ///< set for every cell, such as PYTHONPATH
  StudyObserver* observer = nullptr;                     ///< may be null: progress goes to events
  std::function<bool(const std::string&)> confirm = {};  ///< asks a person; empty: nobody is there
};

/// Options that all verbs share.
struct StoreOption {
  std::filesystem::path store = ".ordo";  ///< folder of the store
  void describe(OptionSet& set);
};

/// Verbs about one study.
struct StudyOption : StoreOption {
  std::string study;  ///< a TOML file's path or a stored study's name
  void describe(OptionSet& set);
};

// ---- run ----

struct RunStudyOptions : StudyOption {
  std::optional<int> jobs;        ///< cells at once; over the file's
  std::string shard;              ///< "i/n"; empty: everything
  bool dry_run = false;           ///< only say what would run
  std::optional<double> timeout;  ///< seconds; over the file's
  std::optional<double> memory;   ///< MiB; over the file's
  std::optional<int> retries;     ///< over the file's
  bool rerun_stale = false;       ///< cells whose program changed since
  bool rerun_failed = false;      ///< cells that ended badly
  std::vector<std::string> only;  ///< variants
  void describe(OptionSet& set);
};

struct AddSeedsOptions : StoreOption {
  int count = 0;            ///< further seeds
  std::string study;        ///< as StudyOption::study
  std::optional<int> jobs;  ///< cells at once; over the file's
  void describe(OptionSet& set);
};

/// What a run did, and where the study stands.
struct RunReport {
  bool is_dry = false;
  RunSummary summary;
  std::size_t cells = 0;                   ///< of the study (of this shard)
  std::size_t planned = 0;                 ///< that were, or would be, run now
  std::size_t stale = 0;                   ///< finished, by a program that has changed since
  std::optional<double> expected_seconds;  ///< of a dry run, from cells that are finished
  std::vector<std::string> changes;        ///< of what was registered
  std::filesystem::path store;             ///< where it is recorded, as it was given
  trial::Results results;
};
RunReport run_study(const RunStudyOptions& options, const Surroundings& around, Context& context);
RunReport add_seeds(const AddSeedsOptions& options, const Surroundings& around, Context& context);
Json to_json(const RunReport& report);
std::string to_text(const RunReport& report);
ExitCode exit_code(const RunReport& report);

// ---- looking ----

/// Where a study stands; as text, the table of measures and the verdicts.
struct Shown {
  trial::Results results;
};
Shown show(const StudyOption& options, const Surroundings& around, Context& context);
Json to_json(const Shown& shown);
std::string to_text(const Shown& shown);
ExitCode exit_code(const Shown& shown);

/// How many cells of each variant stand how.
struct StatusReport {
  trial::Results results;
};
StatusReport status(const StudyOption& options, const Surroundings& around, Context& context);
Json to_json(const StatusReport& report);
std::string to_text(const StatusReport& report);

struct CheckOptions : StudyOption {
  bool strict = false;  ///< undecided is no, too
  void describe(OptionSet& set);
};
struct Checked {
  trial::Results results;
  bool strict = false;
};
Checked check_claims(const CheckOptions& options, const Surroundings& around, Context& context);
Json to_json(const Checked& checked);
std::string to_text(const Checked& checked);
ExitCode exit_code(const Checked& checked);

struct ReportVerbOptions : StudyOption {
  std::filesystem::path
      out;  ///< the HTML file; empty: as the study's file says, else NAME.html here
  void describe(OptionSet& set);
};
struct Reported {
  std::filesystem::path file;
};
Reported report_study(const ReportVerbOptions& options, const Surroundings& around,
                      Context& context);
Json to_json(const Reported& reported);
std::string to_text(const Reported& reported);

// ---- single cells ----

struct CellOption : StoreOption {
  std::string cell;  ///< its number, or STUDY/VARIANT/SEED
  void describe(OptionSet& set);
};
struct CellLog {
  store::Cell cell;
  std::optional<store::Run> run;
  store::Log log;
};
/// The cell that a person names by number or by STUDY/VARIANT/SEED. Throws UsageError.
store::Cell find_cell(const store::Store& store, const std::string& name);
CellLog cell_log(const CellOption& options, const Surroundings& around, Context& context);
Json to_json(const CellLog& log);
std::string to_text(const CellLog& log);
RunReport rerun(const CellOption& options, const Surroundings& around, Context& context);

// ---- keeping house ----

struct Listing {
  struct Line {
    store::Study study;
    std::string title;
    std::map<std::string, int> counts;  ///< cells by status
  };
  std::vector<Line> lines;
};
struct ListOptions : StoreOption {
  std::string tag;  ///< only studies that have it
  void describe(OptionSet& set);
};
Listing list_studies(const ListOptions& options, const Surroundings& around, Context& context);
Json to_json(const Listing& listing);
std::string to_text(const Listing& listing);

struct TagOptions : StudyOption {
  std::vector<std::string> tags;
  bool remove = false;  ///< take them away instead
  void describe(OptionSet& set);
};
/// A sentence about something that was done.
struct Done {
  std::string sentence;
};
Done tag_study(const TagOptions& options, const Surroundings& around, Context& context);

struct DeleteOptions : StudyOption {
  bool yes = false;  ///< don't ask
  void describe(OptionSet& set);
};
Done delete_study(const DeleteOptions& options, const Surroundings& around, Context& context);

struct NewOptions {
  std::filesystem::path file;  ///< to be written; must not be there
  void describe(OptionSet& set);
};
/// Writes a commented study to begin with.
Done new_study(const NewOptions& options, const Surroundings& around, Context& context);
Json to_json(const Done& done);
std::string to_text(const Done& done);

struct SchemaOptions {
  bool markdown = false;  ///< the reference as tables instead of JSON Schema
  void describe(OptionSet& set);
};
struct Schema {
  bool markdown = false;
};
Schema schema(const SchemaOptions& options, Context& context);
Json to_json(const Schema& schema);
std::string to_text(const Schema& schema);

}  // namespace ordo::study
