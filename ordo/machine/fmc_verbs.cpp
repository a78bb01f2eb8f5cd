#include "ordo/machine/fmc_verbs.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/machine/fmc_export.h"
#include "ordo/machine/fmc_format.h"
#include "ordo/machine/fmc_lambda.h"
#include "ordo/machine/fmc_meta.h"
#include "ordo/machine/fmc_show.h"
#include "ordo/machine/fmc_while.h"

namespace ordo::machine::fmc {
namespace {

// Everything that a verb has read.
struct Loaded {
  Terms terms;
  SourceMap sources;
  Module module;
  std::vector<Action> actions;  // what to act on, in order
  SourceId file = 0;            // of the input's file
};

std::unique_ptr<Loaded> load(const Input& input, Action::Kind kind) {
  if (input.file.empty() && input.expression.empty()) {
    throw UsageError("nothing to do: name a file, or give a term with -e '[3].[4].add'");
  }
  auto loaded = std::make_unique<Loaded>();
  Diagnostics problems(loaded->sources);
  Terms& terms = loaded->terms;
  if (!input.file.empty()) {
    loaded->file = loaded->sources.add_file(input.file);
    if (input.file.ends_with(".imp")) {
      const TermId program = from_while(terms, loaded->sources, loaded->file, problems).term;
      loaded->module.add(Definition{terms.intern("main"), program, {loaded->file, 0, 0}});
    } else {
      parse_module(terms, loaded->sources, loaded->file, loaded->module, problems);
    }
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

ExitCode outcome_code(const RunResult& result) {
  if (result.status == Status::stuck) return static_cast<ExitCode>(11);
  if (result.status == Status::limit) return ExitCode::limit;
  return result.exit == kSkip ? ExitCode::done : static_cast<ExitCode>(10);
}

void add_outcome(const Loaded& loaded, const RunResult& result, Answer& answer) {
  answer.text += outcome_text(loaded.terms, loaded.sources, result);
  if (answer.code == ExitCode::done) answer.code = outcome_code(result);
}

void add_distribution(const Loaded& loaded, const Distribution& all, Answer& answer, Json& list) {
  for (const Outcome& outcome : all.outcomes) {
    answer.text += fmt::format("{:<10.6g} x{:<5} {}  {}\n", outcome.weight, outcome.count,
                               outcome_line(loaded.terms, loaded.sources, outcome.result),
                               print_memory(loaded.terms, outcome.result.memory));
    Json json = outcome_json(loaded.terms, loaded.sources, outcome.result);
    json["weight"] = outcome.weight;
    json["runs"] = outcome.count;
    list.push_back(std::move(json));
  }
  if (all.unexplored > 0) {
    answer.text += fmt::format("{:<10.6g} not explored: a limit was reached\n", all.unexplored);
    answer.code = ExitCode::limit;
  }
}

Strategy strategy_of(const std::string& name) {
  return name == "innermost"  ? Strategy::innermost
         : name == "random"   ? Strategy::random
         : name == "parallel" ? Strategy::parallel
                              : Strategy::normal;
}

}  // namespace

void Input::describe(OptionSet& set) {
  set.positional("file", file, "A .fmc file ('-': standard input), or an imperative one, .imp.");
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
      add_distribution(*loaded,
                       explore(loaded->terms, loaded->module, action.term, action.memory,
                               options.limits, context),
                       answer, results);
      continue;
    }
    RunOptions run_options;
    run_options.limits = options.limits;
    const RunResult result =
        run(loaded->terms, loaded->module, action.term, action.memory, run_options, context);
    add_outcome(*loaded, result, answer);
    results.push_back(outcome_json(loaded->terms, loaded->sources, result));
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
                            answer.text += state_text(shown, page.states.size());
                            states.push_back(state_json(shown));
                            page.states.push_back(std::move(shown));
                          });
  add_outcome(*loaded, result, answer);
  answer.json = outcome_json(loaded->terms, loaded->sources, result);
  answer.json["states"] = std::move(states);
  if (!options.html.empty()) {
    page.title = "Functional Machine Calculus";
    page.program = print(loaded->terms, action.term, 20'000);
    page.end = outcome_line(loaded->terms, loaded->sources, result);
    write_file_atomic(options.html, stepper_html(page));
    answer.text += "wrote " + options.html + "\n";
    context.artifact(options.html, "stepper", "text/html");
  }
  return answer;
}

void ReduceVerb::describe(OptionSet& set) {
  input.describe(set);
  set.add("strategy", strategy, "Which redex comes next.")
      .choices({"normal", "innermost", "random", "parallel"});
  set.add("max-steps", max_steps, "Stop after this many rewriting steps.").range(1);
  set.add("max-memory", max_memory, "Stop when the nodes take this many MiB.").range(1, 80000);
  set.add("unroll", unroll, "Unroll loops this many times first.");
  set.add("eta", eta,
          "Also a<x>.[x]a.M => M, where --mem and the term show that stack a holds a value.");
  set.add("log", log, "Show each step with its rule.");
}

namespace {

// Each step that was kept, as lines and as JSON.
Json show_log(const Terms& terms, const ReduceResult& result, Answer& answer) {
  Json log = Json::array();
  for (const ReduceStep& step : result.log) {
    const std::string redex = print(terms, step.redex, 200), made = print(terms, step.result, 200);
    answer.text += fmt::format("{:<7} {}  =>  {}\n", to_string(step.rule), redex, made);
    log.push_back(Json::object(
        {{"rule", std::string(to_string(step.rule))}, {"redex", redex}, {"result", made}}));
  }
  return log;
}

}  // namespace

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
                                       .log = options.log,
                                       .eta = options.eta,
                                       .memory = action.memory};
    const ReduceResult result =
        reduce(terms, unfold(terms, loaded->module, action.term), reduce_options, context);
    Json log = show_log(terms, result, answer);
    answer.text += print(terms, result.term) + "\n";
    if (!result.normal) {
      answer.text += fmt::format("limit: not normal after {} steps\n", result.steps);
      answer.code = ExitCode::limit;
    }
    results.push_back(Json::object({{"term", print(terms, result.term)},
                                    {"normal", result.normal},
                                    {"steps", result.steps},
                                    {"rounds", result.rounds},
                                    {"log", std::move(log)}}));
  }
  answer.json["results"] = std::move(results);
  return answer;
}

void EqualVerb::describe(OptionSet& set) {
  input.describe(set);
  set.add("other", other, "What the expression is compared with.").placeholder("TERM");
  set.add("max-steps", max_steps, "Stop after this many rewriting steps.").range(1);
  set.add("max-memory", max_memory, "Stop when the nodes take this many MiB.").range(1, 80000);
  set.add("eta", eta, "Also by eta, where --mem and the terms show that the stack holds a value.");
  set.add("log", log, "Show how each of the two reduces.");
}

Answer equal_verb(const EqualVerb& options, Context& context) {
  if (options.input.expression.empty() || options.other.empty()) {
    throw UsageError("give both terms: -e '[y].<x>.x.x' --other 'y.y'");
  }
  const auto loaded = load(options.input, Action::Kind::reduce);
  Terms& terms = loaded->terms;
  Diagnostics problems(loaded->sources);
  const SourceId text = loaded->sources.add("--other", options.other);
  const TermId other = parse_term(terms, loaded->sources, text, loaded->module, problems);
  problems.throw_if_any();
  const Action& action = loaded->actions.front();
  const ReduceOptions reduce_options{.max_steps = options.max_steps,
                                     .max_memory = options.max_memory,
                                     .log = options.log,
                                     .eta = options.eta,
                                     .memory = action.memory};
  Answer answer;
  std::vector<TermId> forms;
  Json shown = Json::array();
  bool normal = true;
  for (const TermId term : {action.term, other}) {
    const ReduceResult result =
        reduce(terms, unfold(terms, loaded->module, term), reduce_options, context);
    normal = normal && result.normal;
    forms.push_back(result.term);
    shown.push_back(Json::object({{"term", print(terms, result.term)},
                                  {"steps", result.steps},
                                  {"log", show_log(terms, result, answer)}}));
    if (options.log) answer.text += print(terms, result.term, 2000) + "\n";
  }
  const bool same = terms.equal(forms[0], forms[1]);
  if (same) {
    answer.text += fmt::format("equal: both reduce to {}\n", print(terms, forms[0], 2000));
  } else if (normal) {
    answer.text += fmt::format("not equal by reduction:\n  {}\n  {}\n",
                               print(terms, forms[0], 2000), print(terms, forms[1], 2000));
    answer.code = ExitCode::no;
  } else {
    answer.text += "not decided: a limit came before both were normal\n";
    answer.code = ExitCode::limit;
  }
  answer.json["equal"] = same ? Json(true) : normal ? Json(false) : Json();
  answer.json["normal_forms"] = std::move(shown);
  return answer;
}

Answer type_verb(const TermVerb& options, Context&) {
  const auto loaded = load(options.input, Action::Kind::type);
  Diagnostics problems(loaded->sources);
  Answer answer;
  Json types = Json::array();
  TypeChecker checker(loaded->terms, loaded->module);
  const auto add = [&](const std::string& name, const auto& term) {
    const std::string type = checker.type_of(term, problems);
    if (type.empty()) return;
    answer.text += fmt::format("{} : {}\n", name, type);
    types.push_back(Json::object({{"term", name}, {"type", type}}));
  };
  if (options.input.expression.empty()) {
    for (const Definition& d : loaded->module.definitions()) add(loaded->terms.text(d.name), d);
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

void FmtVerb::describe(OptionSet& set) {
  set.positional("file", file, "A .fmc file ('-': standard input).");
  set.add("expression", expression, "A term instead of a file.")
      .short_name('e')
      .placeholder("TERM");
  set.add("write", write, "Write the file instead of showing it.");
  set.add("check", check, "Show nothing; exit with 1 if the file is not laid out.");
}

Answer fmt_verb(const FmtVerb& options, Context&) {
  if (options.file.ends_with(".imp"))
    throw UsageError("fmt lays out .fmc files, not imperative ones");
  const auto loaded = load({options.file, options.expression, {}}, Action::Kind::run);
  Answer answer;
  if (!options.expression.empty()) {
    answer.text = print(loaded->terms, loaded->actions.front().term) + "\n";
    answer.json["text"] = answer.text;
    return answer;
  }
  std::string text = format_source(loaded->sources, loaded->file);
  const bool same = text == loaded->sources.text(loaded->file);
  answer.json["changed"] = !same;
  if (options.check) {
    if (!same) answer.text = options.file + " is not laid out; 'ordo fmc fmt --write' does it\n";
    answer.code = same ? ExitCode::done : ExitCode::no;
  } else if (options.write) {
    if (options.file == "-") throw UsageError("--write needs a file; standard input is none");
    if (!same) write_file_atomic(options.file, text);
  } else {
    answer.json["text"] = text;
    answer.text = std::move(text);
  }
  return answer;
}

void TranslateVerb::describe(OptionSet& set) {
  set.positional("file", file, "The text ('-': standard input).");
  set.add("expression", expression, "The text itself.").short_name('e').placeholder("TEXT");
  set.add("from", from, "The language that the text is in.")
      .choices({"fmc", "while", "lambda-cbn", "lambda-cbv", "lambda-cbv-ltr", "moggi", "cbpv"});
  set.add("to", to, "The language to translate to.")
      .choices({"fmc", "lambda-cbn", "lambda-cbv", "moggi", "cbpv"});
}

namespace {

// The term of a text in some language; for `while`, with where its statements came from.
TermId read_from(const std::string& language, Terms& terms, const SourceMap& sources,
                 SourceId source, Notes& notes, Diagnostics& problems) {
  if (language == "while") {
    const WhileProgram program = from_while(terms, sources, source, problems);
    for (const auto& [term, span] : program.statements)
      notes.emplace(term, sources.locate(span).to_string());
    return program.term;
  }
  if (language == "fmc") return parse_term(terms, sources, source, Module(), problems);
  if (language == "moggi" || language == "cbpv") {
    return from_metalanguage(terms, sources, source,
                             language == "moggi" ? Metalanguage::moggi : Metalanguage::push_value,
                             problems);
  }
  return from_lambda(terms, sources, source, lambda_order(language), problems);
}

Target target_of(const std::string& name) {
  return name == "lambda-cbn"   ? Target::lambda_cbn
         : name == "lambda-cbv" ? Target::lambda_cbv
         : name == "moggi"      ? Target::moggi
                                : Target::push_value;
}

}  // namespace

Answer translate_verb(const TranslateVerb& options, Context&) {
  if (options.file.empty() == options.expression.empty()) {
    throw UsageError("give either a file or a text with -e");
  }
  if (options.from == "fmc" && options.to == "fmc") {
    throw UsageError("nothing to translate: name another language with --from or --to");
  }
  Terms terms;
  SourceMap sources;
  const SourceId source =
      options.file.empty() ? sources.add("-e", options.expression) : sources.add_file(options.file);
  Diagnostics problems(sources);
  Notes notes;
  const TermId term = read_from(options.from, terms, sources, source, notes, problems);
  problems.throw_if_any();
  std::string text;
  if (options.to == "fmc") {
    text = print_with_notes(terms, term, notes);
    if (!notes.empty()) text = format_source(sources, sources.add("<translation>", text));
  } else {
    text = export_term(terms, term, target_of(options.to), problems);
    problems.throw_if_any();
  }
  if (!text.ends_with('\n')) text += '\n';
  Answer answer;
  answer.json["term"] = text.substr(0, text.size() - 1);
  answer.text = std::move(text);
  return answer;
}

}  // namespace ordo::machine::fmc
