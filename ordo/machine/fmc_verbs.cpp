#include "ordo/machine/fmc_verbs.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/machine/fmc_lambda.h"
#include "ordo/machine/fmc_trace.h"
#include "ordo/machine/fmc_while.h"

namespace ordo::machine::fmc {
namespace {

// Everything that a verb has read.
struct Loaded {
  Terms terms;
  SourceMap sources;
  Module module;
  std::vector<Action> actions;  // what to act on, in order
};

std::unique_ptr<Loaded> load(const Input& input, Action::Kind kind) {
  if (input.file.empty() && input.expression.empty()) {
    throw UsageError("nothing to do: name a file, or give a term with -e '[3].[4].add'");
  }
  auto loaded = std::make_unique<Loaded>();
  Diagnostics problems(loaded->sources);
  Terms& terms = loaded->terms;
  if (!input.file.empty()) {
    const SourceId file = loaded->sources.add_file(input.file);
    parse_module(terms, loaded->sources, file, loaded->module, problems);
  }
  MemoryText memory;
  if (!input.memory.empty()) {
    const SourceId text = loaded->sources.add("--mem", input.memory);
    memory = parse_memory(terms, loaded->sources, text, loaded->module, problems);
  }
  if (!input.expression.empty()) {
    const SourceId text = loaded->sources.add("-e", input.expression);
    const TermId term = parse_term(terms, loaded->sources, text, loaded->module, problems);
    loaded->actions.push_back({kind, term, memory, {text, 0, 0}});
  } else {
    for (Action action : loaded->module.actions) {
      if (action.kind != kind) continue;
      if (!input.memory.empty()) action.memory = memory;
      loaded->actions.push_back(std::move(action));
    }
    const Definition* entry = loaded->module.find(terms.intern("main"));
    if (loaded->actions.empty() && entry != nullptr)
      loaded->actions.push_back({kind, entry->term, memory, entry->span});
  }
  problems.throw_if_any();
  return loaded;
}

std::unique_ptr<Loaded> load_for(const Input& input, Action::Kind kind) {
  auto loaded = load(input, kind);
  if (loaded->actions.empty()) {
    throw UsageError(
        fmt::format("'{}' has nothing to act on: add 'run TERM.' or a definition "
                    "'main := TERM.', or give a term with -e",
                    input.file));
  }
  return loaded;
}

Json memory_json(const Terms& terms, const MemoryText& memory) {
  Json object = Json::object();
  for (const MemoryEntry& entry : memory) {
    Json values = Json::array();
    for (const TermId value : entry.values) values.push_back(print(terms, value));
    object[entry.location == kMain ? "main" : terms.text(entry.location)] = std::move(values);
  }
  return object;
}

std::string outcome_text(const Terms& terms, const RunResult& result) {
  if (result.status == Status::stuck) return "stuck: " + result.reason;
  if (result.status == Status::limit)
    return fmt::format("limit: {} after {} steps", result.reason, result.steps);
  return "exit " + terms.text(result.exit);
}

ExitCode outcome_code(const RunResult& result) {
  if (result.status == Status::stuck) return static_cast<ExitCode>(11);
  if (result.status == Status::limit) return ExitCode::limit;
  return result.exit == kSkip ? ExitCode::done : static_cast<ExitCode>(10);
}

Json outcome_json(const Terms& terms, const RunResult& result) {
  const char* kinds[] = {"exit", "stuck", "limit"};
  Json json = Json::object({{"status", kinds[static_cast<int>(result.status)]},
                            {"steps", result.steps},
                            {"memory", memory_json(terms, result.memory)}});
  if (result.status == Status::exit)
    json["exit"] = terms.text(result.exit);
  else
    json["reason"] = result.reason;
  return json;
}

void add_outcome(const Terms& terms, const RunResult& result, Answer& answer) {
  answer.text += outcome_text(terms, result) + "\n";
  const std::string memory = print_memory(terms, result.memory);
  if (!memory.empty()) answer.text += "  " + memory + "\n";
  if (answer.code == ExitCode::done) answer.code = outcome_code(result);
}

void add_distribution(const Terms& terms, const Distribution& all, Answer& answer, Json& list) {
  for (const Outcome& outcome : all.outcomes) {
    answer.text += fmt::format("{:<10.6g} x{:<5} {}  {}\n", outcome.weight, outcome.count,
                               outcome_text(terms, outcome.result),
                               print_memory(terms, outcome.result.memory));
    Json json = outcome_json(terms, outcome.result);
    json["weight"] = outcome.weight;
    json["runs"] = outcome.count;
    list.push_back(std::move(json));
  }
  if (all.unexplored > 0) {
    answer.text += fmt::format("{:<10.6g} not explored: a limit was reached\n", all.unexplored);
    answer.code = ExitCode::limit;
  }
}

std::string shown_state(const StepperState& state, std::size_t number) {
  std::string text = fmt::format("{:>5}  {:<8} {}\n", number, state.rule, state.focus);
  for (const auto& column : state.stacks) {
    if (column.items.empty()) continue;
    text += fmt::format("                {}:", column.name);
    for (const std::string& item : column.items) text += " " + item;
    text += '\n';
  }
  for (const std::string& handler : state.rail) text += "                | " + handler + "\n";
  return text;
}

Json state_json(const StepperState& state) {
  Json stacks = Json::object();
  for (const auto& column : state.stacks) stacks[column.name] = Json::array_of(column.items);
  return Json::object({{"rule", state.rule},
                       {"term", state.focus},
                       {"memory", std::move(stacks)},
                       {"handlers", Json::array_of(state.rail)}});
}

Strategy strategy_of(const std::string& name) {
  return name == "innermost" ? Strategy::innermost
         : name == "random"  ? Strategy::random
                             : Strategy::normal;
}

}  // namespace

void Input::describe(OptionSet& set) {
  set.positional("file", file, "A .fmc file ('-': standard input).");
  set.add("expression", expression, "A term to act on.").short_name('e').placeholder("TERM");
  set.add("mem", memory, "What the stacks hold: 'c: 0; in: 5 3' (top is rightmost).")
      .placeholder("MEMORY");
}

void RunVerb::describe(OptionSet& set) {
  input.describe(set);
  limits.describe(set);
  set.add("exact", exact, "Follow every choice of rnd and nd; show outcomes with weights.");
}

Answer run_verb(const RunVerb& options, Context& context) {
  const auto loaded = load_for(options.input, Action::Kind::run);
  Answer answer;
  Json results = Json::array();
  for (const Action& action : loaded->actions) {
    if (options.exact) {
      add_distribution(loaded->terms,
                       explore(loaded->terms, loaded->module, action.term, action.memory,
                               options.limits, context),
                       answer, results);
      continue;
    }
    RunOptions run_options;
    run_options.limits = options.limits;
    const RunResult result =
        run(loaded->terms, loaded->module, action.term, action.memory, run_options, context);
    add_outcome(loaded->terms, result, answer);
    results.push_back(outcome_json(loaded->terms, result));
  }
  answer.json["results"] = std::move(results);
  return answer;
}

void TraceVerb::describe(OptionSet& set) {
  input.describe(set);
  set.add("max-steps", max_steps, "Show at most this many transitions.").range(1, 1e6);
  set.add("html", html, "Write a page to step through, with back and forward.").placeholder("FILE");
}

Answer trace_verb(const TraceVerb& options, Context& context) {
  const auto loaded = load_for(options.input, Action::Kind::run);
  const Action& action = loaded->actions.front();
  Answer answer;
  Json states = Json::array();
  StepperPage page;
  RunOptions run_options;
  run_options.limits.max_steps = options.max_steps;
  const RunResult result =
      run_by_substitution(loaded->terms, loaded->module, action.term, action.memory, run_options,
                          context, [&](const State& state) {
                            StepperState shown = show(loaded->terms, state);
                            answer.text += shown_state(shown, page.states.size());
                            states.push_back(state_json(shown));
                            page.states.push_back(std::move(shown));
                          });
  add_outcome(loaded->terms, result, answer);
  answer.json = outcome_json(loaded->terms, result);
  answer.json["states"] = std::move(states);
  if (!options.html.empty()) {
    page.title = "Functional Machine Calculus";
    page.program = print(loaded->terms, action.term, 20'000);
    page.end = outcome_text(loaded->terms, result);
    write_file_atomic(options.html, stepper_html(page));
    answer.text += "wrote " + options.html + "\n";
    context.artifact(options.html, "stepper", "text/html");
  }
  return answer;
}

void ReduceVerb::describe(OptionSet& set) {
  input.describe(set);
  set.add("strategy", strategy, "Which redex comes next.")
      .choices({"normal", "innermost", "random"});
  set.add("max-steps", max_steps, "Stop after this many rewriting steps.").range(1);
  set.add("max-memory", max_memory, "Stop when the nodes take this many MiB.").range(1, 80000);
  set.add("unroll", unroll, "Unroll loops this many times first.");
  set.add("log", log, "Show each step with its rule.");
}

Answer reduce_verb(const ReduceVerb& options, Context& context) {
  const auto loaded = load_for(options.input, Action::Kind::reduce);
  Terms& terms = loaded->terms;
  Answer answer;
  Json results = Json::array();
  for (const Action& action : loaded->actions) {
    const ReduceOptions reduce_options{.strategy = strategy_of(options.strategy),
                                       .max_steps = options.max_steps,
                                       .max_memory = options.max_memory,
                                       .unroll = options.unroll,
                                       .log = options.log};
    const ReduceResult result =
        reduce(terms, unfold(terms, loaded->module, action.term), reduce_options, context);
    Json log = Json::array();
    for (const ReduceStep& step : result.log) {
      const std::string redex = print(terms, step.redex, 200),
                        made = print(terms, step.result, 200);
      answer.text += fmt::format("{:<7} {}  =>  {}\n", to_string(step.rule), redex, made);
      log.push_back(Json::object(
          {{"rule", std::string(to_string(step.rule))}, {"redex", redex}, {"result", made}}));
    }
    answer.text += print(terms, result.term) + "\n";
    if (!result.normal) {
      answer.text += fmt::format("limit: not normal after {} steps\n", result.steps);
      answer.code = ExitCode::limit;
    }
    results.push_back(Json::object({{"term", print(terms, result.term)},
                                    {"normal", result.normal},
                                    {"steps", result.steps},
                                    {"log", std::move(log)}}));
  }
  answer.json["results"] = std::move(results);
  return answer;
}

Answer type_verb(const TermVerb& options, Context&) {
  const auto loaded = load(options.input, Action::Kind::type);
  Diagnostics problems(loaded->sources);
  Answer answer;
  Json types = Json::array();
  const auto add = [&](const std::string& name, TermId term) {
    const std::string type = infer(loaded->terms, loaded->module, term, problems);
    if (type.empty()) return;
    answer.text += fmt::format("{} : {}\n", name, type);
    types.push_back(Json::object({{"term", name}, {"type", type}}));
  };
  if (options.input.expression.empty()) {
    for (const Definition& d : loaded->module.definitions) add(loaded->terms.text(d.name), d.term);
    for (const Action& a : loaded->module.actions) add(print(loaded->terms, a.term, 200), a.term);
  } else {
    add(print(loaded->terms, loaded->actions.front().term, 200), loaded->actions.front().term);
  }
  problems.throw_if_any();
  answer.json["types"] = std::move(types);
  return answer;
}

Answer check_verb(const TermVerb& options, Context& context) {
  Answer answer = type_verb(options, context);
  const std::size_t count = answer.json.at("types").size();
  answer.text = fmt::format("{} terms are well formed and typed\n", count);
  return answer;
}

Answer fmt_verb(const TermVerb& options, Context&) {
  const auto loaded = load(options.input, Action::Kind::run);
  const Terms& terms = loaded->terms;
  Answer answer;
  if (!options.input.expression.empty()) {
    answer.text = print(terms, loaded->actions.front().term) + "\n";
  } else {
    for (const Definition& d : loaded->module.definitions)
      answer.text += fmt::format("{} := {}.\n", terms.text(d.name), print(terms, d.term));
    const char* kinds[] = {"run", "reduce", "typeof"};
    for (const Action& a : loaded->module.actions) {
      answer.text += fmt::format("{} {}", kinds[static_cast<int>(a.kind)], print(terms, a.term));
      if (!a.memory.empty()) answer.text += " with " + print_memory(terms, a.memory);
      answer.text += ".\n";
    }
  }
  answer.json["text"] = answer.text;
  return answer;
}

void TranslateVerb::describe(OptionSet& set) {
  set.positional("file", file, "The text in the other language ('-': standard input).");
  set.add("expression", expression, "The text itself.").short_name('e').placeholder("TEXT");
  set.add("from", from, "The other language.")
      .choices({"while", "lambda-cbn", "lambda-cbv", "lambda-cbv-ltr"});
}

Answer translate_verb(const TranslateVerb& options, Context&) {
  if (options.file.empty() == options.expression.empty()) {
    throw UsageError("give either a file or a text with -e");
  }
  Terms terms;
  SourceMap sources;
  const SourceId source =
      options.file.empty() ? sources.add("-e", options.expression) : sources.add_file(options.file);
  Diagnostics problems(sources);
  const TermId term = options.from == "while" ? from_while(terms, sources, source, problems)
                                              : from_lambda(terms, sources, source,
                                                            lambda_order(options.from), problems);
  problems.throw_if_any();
  Answer answer;
  answer.text = print(terms, term) + "\n";
  answer.json["term"] = print(terms, term);
  return answer;
}

// ---- the REPL ----

namespace {

struct ReplState {
  Terms terms;
  SourceMap sources;
  Module module;
  MemoryText memory;
  int entries = 0;

  std::string source_name() { return fmt::format("<{}>", ++entries); }
  TermId term(const std::string& text) {
    Diagnostics problems(sources);
    const TermId id =
        parse_term(terms, sources, sources.add(source_name(), text), module, problems);
    problems.throw_if_any();
    return id;
  }
  // A definition extends the session; a term runs on the session's memory.
  std::string evaluate(const std::string& text, Context& context) {
    if (text.find(":=") != std::string::npos) return declare(sources.add(source_name(), text));
    const TermId id = term(text.ends_with('.') ? text.substr(0, text.size() - 1) : text);
    const RunResult result = run(terms, module, id, memory, {}, context);
    if (result.status == Status::exit) memory = result.memory;
    Answer answer;
    add_outcome(terms, result, answer);
    return answer.text;
  }
  std::string declare(SourceId source) {
    Module extended = module;
    Diagnostics problems(sources);
    parse_module(terms, sources, source, extended, problems);
    problems.throw_if_any();
    const std::size_t fresh = extended.definitions.size() - module.definitions.size();
    module = std::move(extended);
    return fmt::format("{} definition{}", fresh, fresh == 1 ? "" : "s");
  }
  std::string trace(const std::string& text, Context& context) {
    std::string shown;
    std::size_t number = 0;
    RunOptions options;
    options.limits.max_steps = 200;
    Answer answer;
    add_outcome(terms,
                run_by_substitution(terms, module, term(text), memory, options, context,
                                    [&](const State& state) {
                                      shown += shown_state(show(terms, state, 100), number++);
                                    }),
                answer);
    return shown + answer.text;
  }
  std::string normal_form(const std::string& text, Context& context) {
    const ReduceResult result =
        reduce(terms, unfold(terms, module, term(text)), ReduceOptions{}, context);
    return print(terms, result.term) + (result.normal ? "" : "\nlimit: not normal");
  }
  std::string type(const std::string& text) {
    Diagnostics problems(sources);
    const std::string found = infer(terms, module, term(text), problems);
    problems.throw_if_any();
    return found;
  }
  std::string set_memory(const std::string& text) {
    if (!text.empty()) {
      Diagnostics problems(sources);
      MemoryText read =
          parse_memory(terms, sources, sources.add(source_name(), text), module, problems);
      problems.throw_if_any();
      memory = std::move(read);
    }
    return print_memory(terms, memory);
  }
  std::string lambda(const std::string& text, LambdaOrder order) {
    Diagnostics problems(sources);
    const TermId id =
        from_lambda(terms, sources, sources.add(source_name(), text), order, problems);
    problems.throw_if_any();
    return print(terms, id);
  }
};

int open_brackets(const std::string& text) {
  int open = 0;
  for (const char c : text) open += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
  return open;
}

}  // namespace

ReplLanguage repl_language() {
  auto state = std::make_shared<ReplState>();
  ReplLanguage language;
  language.greeting =
      "The Functional Machine Calculus. A term runs on the session's memory; 'name := term.' "
      "defines; :help lists commands.";
  language.prompt = "fmc> ";
  language.evaluate = [state](const std::string& t, Context& c) { return state->evaluate(t, c); };
  language.is_incomplete = [](const std::string& t) { return open_brackets(t) > 0; };
  language.names = [state] {
    std::vector<std::string> names{"add", "sub", "mul", "div", "mod",  "eq", "lt",
                                   "le",  "gt",  "cat", "len", "show", "in", "out"};
    for (const Definition& d : state->module.definitions)
      names.push_back(state->terms.text(d.name));
    return names;
  };
  const auto command = [&](const char* name, const char* argument, const char* help, auto run) {
    language.commands.push_back({name, argument, help, run});
  };
  using Text = const std::string&;
  command("type", "TERM", "its stack type", [state](Text t, Context&) { return state->type(t); });
  command("trace", "TERM", "its states, one a transition",
          [state](Text t, Context& c) { return state->trace(t, c); });
  command("nf", "TERM", "its normal form",
          [state](Text t, Context& c) { return state->normal_form(t, c); });
  command("mem", "[MEMORY]", "show the session's memory, or set it: c: 0; in: 5 3",
          [state](Text t, Context&) { return state->set_memory(t); });
  command("load", "FILE", "read definitions",
          [state](Text t, Context&) { return state->declare(state->sources.add_file(t)); });
  command("cbn", "LAMBDA", "translate, call by name",
          [state](Text t, Context&) { return state->lambda(t, LambdaOrder::by_name); });
  command("cbv", "LAMBDA", "translate, call by value",
          [state](Text t, Context&) { return state->lambda(t, LambdaOrder::by_value); });
  return language;
}

}  // namespace ordo::machine::fmc
