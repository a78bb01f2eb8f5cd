// From described options to a running program. Parsing is CLI11's; this file feeds it from an
// OptionSet, adds the flags that all verbs share, and turns every way to fail into a message and an
// exit code.
#include "ordo/cli/program.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <sched.h>

#include "ordo/base/toml.h"
#include "ordo/base/version.h"
#include "ordo/base/worker.h"
#include "ordo/cli/terminal.h"

namespace ordo::cli {
namespace {

/// Exit status for a fault of the program itself, which no kind of error covers (sysexits.h).
constexpr int kFaultStatus = 70;

struct Example {
  std::string command, meaning;
};

struct Command {
  std::string name, summary;
  std::function<std::unique_ptr<BoundCommand>()> make;
  std::vector<Example> examples;
};

/// The flags that every verb has.
struct CommonOptions {
  bool json = false;
  bool quiet = false;
  std::uint64_t seed = 0;
  int threads = 0;
  std::filesystem::path config;

  void describe_to(OptionSet& set) {
    set.add("json", json, "Write events and the result as JSON lines on standard output.");
    set.add("quiet", quiet, "No progress; only warnings and the result.").short_name('q');
    set.add("seed", seed, "Seed of the run's random numbers.");
    set.add("threads", threads, "Threads to use; 0: one for each core this process may use.")
        .range(0, 4096);
    set.add("config", config, "TOML file with values for the options; the command line wins.")
        .placeholder("FILE");
  }
};

// ---- stopping ----

StopSource* g_stop = nullptr;

// The first signal asks for a clean stop; the second ends the process at once.
extern "C" void on_stop_signal(int) {
  static volatile std::sig_atomic_t asked = 0;
  if (asked != 0) ::_exit(static_cast<int>(ExitCode::interrupted));
  asked = 1;
  if (g_stop != nullptr) g_stop->request_stop();
}

void stop_on_signals(StopSource& source) {
  g_stop = &source;
  struct sigaction action{};
  action.sa_handler = on_stop_signal;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return std::max(1u, std::thread::hardware_concurrency());
}

// What a study allots to this process if it runs under one, else a thread a core: more threads than
// cores wait for each other in every loop.
int allotted_threads() {
  const char* text = std::getenv("ORDO_THREADS");
  if (text == nullptr || *text == '\0') return usable_cores();
  char* end = nullptr;
  const long threads = std::strtol(text, &end, 10);
  if (*end != '\0' || threads < 1 || threads > 4096) {
    throw UsageError(fmt::format("ORDO_THREADS: expected a number of threads, found '{}'", text));
  }
  return static_cast<int>(threads);
}

// ---- sinks ----

/// Writes each event as a line of JSON to standard output.
class JsonLinesSink : public EventSink {
 public:
  void emit(const Event& event) override {
    const std::string line = to_json(event).dump() + "\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fflush(stdout);
  }
};

/// Sends each event to two sinks.
class TeeSink : public EventSink {
 public:
  TeeSink(EventSink& first, EventSink& second) : first_(first), second_(second) {}
  void emit(const Event& event) override {
    first_.emit(event);
    second_.emit(event);
  }

 private:
  EventSink& first_;
  EventSink& second_;
};

/// Writes to standard output, past the progress line.
class StandardOutput : public Output {
 public:
  StandardOutput(bool is_text, TerminalSink& terminal) : is_text_(is_text), terminal_(terminal) {}

  bool is_text() const override { return is_text_; }
  void write(std::string_view text) override {
    if (!is_text_) return;
    terminal_.hide_progress();
    put(text);
    written_ += text;
  }
  /// Writes what is not written yet of `text`.
  void finish(std::string_view text) const {
    if (!text.starts_with(written_)) {
      throw std::logic_error("what was shown early is not how the result begins");
    }
    put(text.substr(written_.size()));
  }

 private:
  static void put(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (std::fflush(stdout) != 0) throw IoError::from_errno("write to", "standard output", errno);
  }

  bool is_text_;
  TerminalSink& terminal_;
  std::string written_;
};

// A descriptor that a study passed to this process, if it runs under one.
std::optional<int> descriptor_from(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return std::nullopt;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*end != '\0' || value < 0 || value > 1'000'000) {
    throw UsageError(fmt::format("{}: expected a descriptor's number, found '{}'", variable, text));
  }
  return static_cast<int>(value);
}

// ---- from options to CLI11 ----

std::string flag_names(const Option& option) {
  std::string names = option.letter() != 0 ? fmt::format("-{},", option.letter()) : "";
  return names + "--" + option.name();
}

std::string value_word(const Option& option) {
  if (!option.placeholder().empty()) return option.placeholder();
  switch (option.type()) {
    case OptionType::integer:
      return "INT";
    case OptionType::number:
      return "NUMBER";
    case OptionType::path:
      return "PATH";
    default:
      return "TEXT";
  }
}

std::string help_with_default(const Option& option) {
  std::string help = option.help();
  if (!option.allowed().empty())
    help += fmt::format(" One of {}.", fmt::join(option.allowed(), ", "));
  const Json value = option.get();
  const bool silent = option.is_required() || value.is_null() || value == Json(false) ||
                      (value.is_string() && value.as_string().empty()) ||
                      (value.is_array() && value.size() == 0);
  if (!silent) {
    help += fmt::format(" [{}]", value.is_string() ? value.as_string() : value.dump());
  }
  return help;
}

// Adds one option; `given` collects the names that the command line sets.
void add_option(CLI::App& app, const Option& option, std::set<std::string>& given) {
  const auto store = [&option, &given](const std::vector<std::string>& words) {
    option.set_words(words);
    given.insert(option.name());
    return true;
  };
  if (option.type() == OptionType::boolean && !option.is_list()) {
    app.add_flag_callback(
        flag_names(option), [store] { store({"true"}); }, help_with_default(option));
    if (option.get() == Json(true)) {
      app.add_flag_callback(
          "--no-" + option.name(), [store] { store({"false"}); }, "Without: " + option.help());
    }
    return;
  }
  CLI::Option* added = app.add_option(
      option.is_positional() ? option.name() : flag_names(option),
      [store](const CLI::results_t& words) { return store(words); }, help_with_default(option));
  added->type_name(option.is_positional() ? "" : value_word(option));
  if (option.is_list() && option.is_positional()) {
    added->expected(0, CLI::detail::expected_max_vector_size)->allow_extra_args();
  } else if (option.is_list()) {
    added->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  } else {
    added->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
}

// The words of a command line, last first as CLI11 takes them, where "--batch_size" also means
// "--batch-size": so do the scripts write it that a command may come from.
std::vector<std::string> with_dashes(std::vector<std::string> words) {
  for (std::string& word : words) {
    if (word == "--") break;
    if (!word.starts_with("--")) continue;
    const auto end = std::find(word.begin(), word.end(), '=');
    std::replace(word.begin(), end, '_', '-');
  }
  std::reverse(words.begin(), words.end());
  return words;
}

std::string examples_text(const std::vector<Example>& examples) {
  if (examples.empty()) return {};
  std::string text = examples.size() == 1 ? "\nExample:\n" : "\nExamples:\n";
  for (const Example& example : examples) {
    text += "  " + example.command + "\n";
    if (!example.meaning.empty()) text += "      " + example.meaning + "\n";
  }
  return text;
}

}  // namespace

struct Program::Implementation {
  std::string verb, summary;
  std::vector<Example> examples;
  std::vector<Command> commands;

  std::string title() const { return verb.empty() ? "ordo" : "ordo " + verb; }
  bool has_subcommands() const { return commands.size() != 1 || !commands[0].name.empty(); }
  int run(int argc, char** argv);
  int run_reported(int argc, char** argv);
  int run_command(const Command& command, BoundCommand& bound, const CommonOptions& common) const;
  std::string unknown_words(const CLI::App& root, const std::vector<std::string>& words) const;
  std::string description(const std::string& form) const;
  std::string candidates(const std::vector<std::string>& words) const;
};

Program::Program(std::string verb, std::string summary)
    : implementation_(std::make_unique<Implementation>()) {
  implementation_->verb = std::move(verb);
  implementation_->summary = std::move(summary);
}

Program::~Program() = default;

Program& Program::example(std::string command, std::string meaning) {
  auto& commands = implementation_->commands;
  auto& list = commands.empty() ? implementation_->examples : commands.back().examples;
  list.push_back({std::move(command), std::move(meaning)});
  return *this;
}

void Program::add_command(std::string name, std::string summary, Maker maker) {
  implementation_->commands.push_back({std::move(name), std::move(summary), std::move(maker), {}});
}

int Program::run(int argc, char** argv) {
  try {
    const auto worker = descriptor_from("ORDO_WORKER_FD");
    if (!worker) return implementation_->run_reported(argc, argv);
    serve_worker(*worker, [&](const std::vector<std::string>& arguments) {
      std::vector<std::string> words(argv, argv + argc);
      words.insert(words.end(), arguments.begin(), arguments.end());
      std::vector<char*> pointers;
      for (std::string& word : words) pointers.push_back(word.data());
      pointers.push_back(nullptr);
      return implementation_->run_reported(static_cast<int>(words.size()), pointers.data());
    });
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}: {}\n", implementation_->title(), error.what());
    return static_cast<int>(error.code());
  }
}

// Runs, and turns every way to fail into a message and an exit status.
int Program::Implementation::run_reported(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    fmt::print(stderr, "{}: {}\n", title(), error.what());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "{}: out of memory\n", title());
    return static_cast<int>(ExitCode::limit);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: a fault of this program: {}\n", title(), error.what());
    return kFaultStatus;
  }
}

// The last of the (sub)commands that the command line named.
CLI::App* innermost(const CLI::App& root) {
  auto* app = const_cast<CLI::App*>(&root);  // CLI11 has no look-up that keeps it const
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

// An app's help; its usage begins with the words that lead to it, as "ordo train warm" does to
// bench.
std::string help_of(const CLI::App& app, const std::string& title) {
  std::string words;
  for (const CLI::App* above = app.get_parent(); above != nullptr; above = above->get_parent()) {
    words = above->get_parent() == nullptr ? title + words : " " + above->get_name() + words;
  }
  return app.help(words);
}

// "bench", or "warm bench": the second of these is made inside the group "warm".
CLI::App* add_command_to(CLI::App& root, const Command& command) {
  const std::size_t space = command.name.find(' ');
  if (space == std::string::npos) return root.add_subcommand(command.name, command.summary);
  const std::string group_name = command.name.substr(0, space);
  CLI::App* group = nullptr;
  for (CLI::App* below : root.get_subcommands({})) {
    if (below->get_name() == group_name) group = below;
  }
  if (group == nullptr) {
    group = root.add_subcommand(group_name, "A group of commands; see --help after it.");
    group->set_help_flag("-h,--help", "Show this help.");
    group->fallthrough(false);
  }
  return group->add_subcommand(command.name.substr(space + 1), command.summary);
}

// Every word that no option took, with the nearest known word.
std::string Program::Implementation::unknown_words(const CLI::App& root,
                                                   const std::vector<std::string>& words) const {
  const CLI::App* app = innermost(root);
  std::vector<std::string> known;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const CLI::App* below : app->get_subcommands({})) known.push_back(below->get_name());
  const std::string& word = words.front();
  const auto near = nearest(word.substr(0, word.find('=')), known);
  const std::string_view kind = word.starts_with("-")               ? "flag"
                                : !app->get_subcommands({}).empty() ? "command"
                                                                    : "argument";
  return fmt::format("unknown {} '{}'{}", kind, word,
                     near ? fmt::format("; did you mean '{}'?", *near) : "");
}

std::string Program::Implementation::description(const std::string& form) const {
  if (form == "markdown") {
    std::string text;
    for (const Command& command : commands) {
      text += fmt::format("### `{}{}{}`\n\n{}\n\n{}\n", title(), command.name.empty() ? "" : " ",
                          command.name, command.summary.empty() ? summary : command.summary,
                          command.make()->options().markdown());
    }
    return text;
  }
  Json::Array list;
  for (const Command& command : commands) {
    list.push_back(Json::object({{"name", command.name},
                                 {"summary", command.summary},
                                 {"options", command.make()->options().schema()}}));
  }
  return Json::object({{"verb", verb}, {"summary", summary}, {"commands", std::move(list)}})
             .dump(2) +
         "\n";
}

// What may follow `words` on the command line, a candidate a line; asked by the shell's completion.
std::string Program::Implementation::candidates(const std::vector<std::string>& words) const {
  std::string text;
  const Command* chosen = has_subcommands() ? nullptr : &commands.front();
  const std::string said = fmt::format("{} ", fmt::join(words, " "));
  std::vector<std::string> next;  // words that commands go on with
  for (const Command& command : commands) {
    if (!has_subcommands()) break;
    if (said.starts_with(command.name + " ")) chosen = &command;
    const std::string before = words.empty() ? "" : words.front() + " ";
    const std::string_view name = command.name;
    if (name.starts_with(before)) {
      const std::string_view rest = name.substr(before.size());
      const std::string word(rest.substr(0, rest.find(' ')));
      if (next.empty() || next.back() != word) next.push_back(word);
    }
  }
  if (chosen == nullptr) {
    if (next.empty()) return text;
    return fmt::format("{}\n--help\n{}", fmt::join(next, "\n"), words.empty() ? "--version\n" : "");
  }
  const auto bound = chosen->make();
  if (!words.empty() && words.back().starts_with("--")) {
    const Option* before = bound->options().find(words.back().substr(2));
    if (before != nullptr && !before->allowed().empty()) {
      return fmt::format("{}\n", fmt::join(before->allowed(), "\n"));
    }
  }
  CommonOptions common;
  OptionSet common_set;
  common.describe_to(common_set);
  for (const OptionSet* set : {&bound->options(), static_cast<const OptionSet*>(&common_set)}) {
    for (const Option& option : set->options()) {
      if (!option.is_positional()) text += "--" + option.name() + "\n";
    }
  }
  return text + "--help\n";
}

int Program::Implementation::run(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "__complete") {
    fmt::print("{}", candidates({argv + 2, argv + argc}));
    return 0;
  }
  CLI::App root(summary, title());
  root.set_help_flag("-h,--help", "Show this help.");
  root.set_version_flag("--version", fmt::format("{} {}", title(), version()));
  std::string describe_form;
  root.add_option("--describe", describe_form,
                  "Print what the options are, as json (a schema) or markdown.")
      ->expected(0, 1)
      ->default_str("json")
      ->type_name("FORM");
  root.get_formatter()->column_width(34);
  root.footer(examples_text(has_subcommands() ? examples : [&] {
    std::vector<Example> all = examples;
    if (!commands.empty()) {
      all.insert(all.end(), commands[0].examples.begin(), commands[0].examples.end());
    }
    return all;
  }()));

  CommonOptions common;
  OptionSet common_set;
  common.describe_to(common_set);
  std::vector<std::unique_ptr<BoundCommand>> bound;
  std::vector<CLI::App*> apps;
  std::vector<std::set<std::string>> given(commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    CLI::App* app = &root;
    if (has_subcommands()) {
      app = add_command_to(root, commands[i]);
      app->set_help_flag("-h,--help", "Show this help.");
      app->footer(examples_text(commands[i].examples));
      app->get_formatter()->column_width(34);
    }
    apps.push_back(app);
    bound.push_back(commands[i].make());
    for (const Option& option : bound[i]->options().options()) add_option(*app, option, given[i]);
    for (const Option& option : common_set.options()) {
      if (bound[i]->options().find(option.name()) == nullptr) add_option(*app, option, given[i]);
    }
    if (!has_subcommands()) continue;
    app->fallthrough(false);
  }
  root.allow_extras();
  for (CLI::App* app : root.get_subcommands({})) app->allow_extras();
  for (CLI::App* app : apps) app->allow_extras();

  try {
    root.parse(with_dashes({argv + 1, argv + argc}));
  } catch (const CLI::CallForHelp&) {
    const CLI::App* app = innermost(root);
    fmt::print("{}", help_of(*app, title()));
    return 0;
  } catch (const CLI::CallForVersion&) {
    fmt::print("{} {}\n", title(), version());
    return 0;
  } catch (const CLI::ParseError& error) {
    throw UsageError(fmt::format("{}\nSee '{} --help'.", error.what(), title()));
  }
  if (root.count("--describe") > 0) {
    fmt::print("{}", description(describe_form.empty() ? "json" : describe_form));
    return 0;
  }
  if (const auto extras = root.remaining(true); !extras.empty()) {
    throw UsageError(fmt::format("{}\nSee '{} --help'.", unknown_words(root, extras), title()));
  }
  std::size_t chosen = 0;
  if (has_subcommands()) {
    CLI::App* app = innermost(root);
    const auto found = std::find(apps.begin(), apps.end(), app);
    if (found == apps.end()) {  // nothing, or a group without its command
      fmt::print(stderr, "{}", help_of(*app, title()));
      return static_cast<int>(ExitCode::usage);
    }
    chosen = static_cast<std::size_t>(found - apps.begin());
  }

  BoundCommand& command = *bound[chosen];
  if (!common.config.empty()) {
    const TomlDocument document = read_toml(common.config.string());
    JsonObject table;
    for (const JsonMember& member : document.root().as_object()) {
      if (!given[chosen].contains(member.key)) table[member.key] = member.value;
    }
    command.options().apply(table, {.source = common.config.string()},
                            [&](const std::string& key) { return document.locate("/" + key); });
    for (const JsonMember& member : table) given[chosen].insert(member.key);
  }
  for (const Option& option : command.options().options()) {
    if (option.is_required() && !given[chosen].contains(option.name())) {
      throw UsageError(fmt::format("{}{} is missing: {}\nSee '{}{}{} --help'.",
                                   option.is_positional() ? "" : "--", option.name(), option.help(),
                                   title(), commands[chosen].name.empty() ? "" : " ",
                                   commands[chosen].name));
    }
  }
  return run_command(commands[chosen], command, common);
}

int Program::Implementation::run_command(const Command&, BoundCommand& bound,
                                         const CommonOptions& common) const {
  TerminalSink terminal(
      stderr, common.quiet ? TerminalSink::Detail::warnings_only : TerminalSink::Detail::all);
  JsonLinesSink lines;
  EventSink* shown = common.json ? static_cast<EventSink*>(&lines) : &terminal;
  std::optional<DescriptorSink> listener;
  std::optional<TeeSink> both;
  if (const auto descriptor = descriptor_from("ORDO_EVENTS_FD")) {
    listener.emplace(*descriptor);
    both.emplace(*shown, *listener);
    shown = &*both;
  }
  StopSource stop;
  stop_on_signals(stop);

  Context context;
  context.events = shown;
  context.stop = stop.token();
  context.random = Random(common.seed);
  context.threads = common.threads > 0 ? common.threads : allotted_threads();

  Outcome outcome;
  StandardOutput output(!common.json, terminal);
  try {
    outcome = bound.call(context, output);
  } catch (const Error& error) {
    terminal.clear();
    if (common.json) {
      fmt::print(
          "{}\n",
          Json::object({{"error", error.what()}, {"exit", static_cast<int>(error.code())}}).dump());
    }
    throw;
  }
  terminal.clear();
  if (listener && outcome.json.is_object()) {
    listener->emit({.body = Result{outcome.json.as_object()}, .cell = {}});
  }
  output.finish(common.json ? outcome.json.dump() + "\n" : outcome.text);
  return static_cast<int>(outcome.code);
}

}  // namespace ordo::cli
