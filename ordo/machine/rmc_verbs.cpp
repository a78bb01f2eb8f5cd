#include "ordo/machine/rmc_verbs.h"

#include <fmt/format.h>

#include "ordo/base/file.h"
#include "ordo/machine/rmc_dialect.h"
#include "ordo/machine/rmc_load.h"
#include "ordo/machine/rmc_reduce.h"
#include "ordo/machine/rmc_to_diagram.h"
#include "ordo/machine/rmc_to_dot.h"
#include "ordo/machine/rmc_to_latex.h"
#include "ordo/machine/rmc_to_prolog.h"
#include "ordo/machine/rmc_types.h"

namespace ordo::machine::rmc {

void Input::describe(OptionSet& set) {
  set.positional("file", file, "A .rmc file, or one in the language --from ('-': standard input).");
  set.add("expression", expression, "A program to act on.").short_name('e').placeholder("PROGRAM");
  set.add("mem", memory, "What the stacks hold: 'in: b a; q: t' (top is rightmost).")
      .placeholder("MEMORY");
  std::vector<std::string> languages{"rmc"};
  for (const Dialect& dialect : dialects()) languages.emplace_back(dialect.name);
  set.add("from", from, "The file's language.").choices(languages);
  set.add("ask", ask, "A question in that language: a goal, a word, a marking.")
      .placeholder("QUESTION");
  set.add("ask-file", ask_file,
          "A file that holds a question, of any length ('-': standard input).")
      .placeholder("FILE");
  set.add("arith", arith, "The stack arith solves add(X,Y,Z) and lt(X,Y); so do Prolog's goals.");
}

// ---- run ----

void RunVerb::describe(OptionSet& set) {
  input.describe(set);
  limits.describe(set);
  set.add("search", search, "How branches are explored; all but dfs are fair.")
      .choices({"interleave", "dfs", "bfs", "iddfs"});
  set.add("star", star, "set: explore each state of a star once, which loses multiplicities.")
      .choices({"bag", "set"});
  set.add("max-depth", max_depth, "Unfold stars at most this often on a branch (0: no limit).");
  set.add("timeout", timeout, "Stop after this many seconds (0: never).").range(0);
  set.add("no-occurs", no_occurs, "Leave out the occurs check: faster, and unsound.");
  set.add("backward", backward, "Run the dual: from results to what led there.");
  set.add("count", count, "Show only how many results there are.");
  set.add("explain-plan", explain_plan, "Show what decides between alternatives.");
}

namespace {

RunOptions run_options(const RunVerb& options) {
  RunOptions made;
  made.limits = options.limits;
  made.search = search_of(options.search);
  made.star = options.star == "set" ? StarMode::set : StarMode::bag;
  made.occurs_check = options.no_occurs ? OccursCheck::off : OccursCheck::on;
  made.max_depth = options.max_depth;
  made.timeout = options.timeout;
  if (options.input.arith) made.arithmetic = Arithmetic::on;
  if (options.count) made.limits.max_answers = 0;
  return made;
}

// Runs one query and adds what it yields.
void run_query(Loaded& loaded, const Query& query, const RunVerb& options, Context& context,
               Shown& shown, Json& results) {
  const ProgramId program = options.backward ? loaded.terms.dual(query.program) : query.program;
  ResultStream stream(loaded.terms, program, query.memory, run_options(options), context,
                      query.stream);
  if (options.explain_plan) shown.text += stream.plan();
  Json answers = Json::array();
  std::uint64_t count = 0;
  while (stream.next()) {
    ++count;
    if (options.count) continue;
    const Answer answer = stream.answer();
    shown.text += print_answer(loaded.terms, answer) + "\n";
    answers.push_back(answer_json(answer_text(loaded.terms, answer)));
  }
  if (options.count) shown.text += fmt::format("{} result{}\n", count, count == 1 ? "" : "s");
  if (count == 0 && !options.count && stream.limit() == Limit::none) shown.text += "false\n";
  if (stream.limit() != Limit::none) {
    shown.text += limit_text(stream.limit());
    if (stream.limit() != Limit::answers) shown.text += "state: " + stream.state() + "\n";
    shown.code = ExitCode::limit;
  } else if (count == 0 && shown.code == ExitCode::done) {
    shown.code = ExitCode::no;
  }
  const RunCounts counts = stream.counts();
  Json result = Json::object({{"count", count},
                              {"complete", stream.limit() == Limit::none},
                              {"limit", to_string(stream.limit())},
                              {"steps", counts.steps},
                              {"unfoldings", counts.unfoldings},
                              {"peak_bytes", counts.peak_bytes}});
  if (stream.limit() != Limit::none) result["state"] = stream.state();
  if (!options.count) result["answers"] = std::move(answers);
  results.push_back(std::move(result));
}

}  // namespace

Shown run_verb(const RunVerb& options, Context& context) {
  const auto loaded = load_for(options.input, Query::Kind::run);
  Shown shown;
  Json results = Json::array();
  for (const Query& query : loaded->queries) {
    run_query(*loaded, query, options, context, shown, results);
  }
  shown.json["results"] = std::move(results);
  return shown;
}

// ---- trace ----

void TraceVerb::describe(OptionSet& set) {
  input.describe(set);
  set.add("max-steps", max_steps, "Show at most this many transitions.").range(1, 1e6);
  set.add("search", search, "dfs follows a branch to its end; bfs takes branches in turn.")
      .choices({"dfs", "bfs"});
  set.add("backward", backward, "Trace the dual.");
  set.add("html", html, "Write a page to step through, with back and forward.").placeholder("FILE");
}

Shown trace_verb(const TraceVerb& options, Context& context) {
  const auto loaded = load_for(options.input, Query::Kind::run);
  Terms& terms = loaded->terms;
  const Query& query = loaded->queries.front();
  const ProgramId program = options.backward ? terms.dual(query.program) : query.program;
  RunOptions run_options;
  run_options.search = search_of(options.search);
  run_options.limits.max_steps = options.max_steps;
  if (options.input.arith) run_options.arithmetic = Arithmetic::on;
  Shown shown;
  Json states = Json::array();
  StepperPage page;
  const TraceResult result = run_by_the_letter(
      terms, program, query.memory, run_options, context, [&](const TraceEvent& event) {
        shown.text += event_text(terms, event);
        states.push_back(event_json(terms, loaded->sources, event));
        if (!options.html.empty()) page.states.push_back(show(terms, event));
      });
  Json answers = Json::array();
  for (const Answer& answer : result.answers) {
    shown.text += "result: " + print_answer(terms, answer) + "\n";
    answers.push_back(answer_json(answer_text(terms, answer)));
  }
  if (result.limit != Limit::none) {
    shown.text += limit_text(result.limit);
    shown.code = ExitCode::limit;
  } else if (result.answers.empty()) {
    shown.text += "false\n";
    shown.code = ExitCode::no;
  }
  shown.json = Json::object({{"answers", std::move(answers)},
                             {"limit", to_string(result.limit)},
                             {"states", std::move(states)}});
  if (!options.html.empty()) {
    page.title = "Relational Machine Calculus";
    page.program = print(terms, program, 20'000);
    page.rail_name = "continuation";
    page.end =
        fmt::format("{} result{}{}", result.answers.size(), result.answers.size() == 1 ? "" : "s",
                    result.limit == Limit::none ? "" : ", limit: " + to_string(result.limit));
    write_file_atomic(options.html, stepper_html(page));
    shown.text += "wrote " + options.html + "\n";
    context.artifact(options.html, "stepper", "text/html");
  }
  return shown;
}

// ---- texts ----

Shown type_verb(const TermVerb& options, Context&) {
  const auto loaded = load(options.input, Query::Kind::type);
  Terms& terms = loaded->terms;
  Diagnostics problems(loaded->sources);
  Shown shown;
  Json types = Json::array();
  const auto add = [&](const std::string& name, ProgramId program) {
    const std::string type = infer(terms, loaded->module, program, problems);
    if (type.empty()) return;
    shown.text += fmt::format("{} : {}\n", name, type);
    types.push_back(Json::object({{"program", name}, {"type", type}}));
  };
  if (options.input.expression.empty()) {
    for (const DefinitionId id : loaded->module.definitions) {
      add(terms.text(terms.definition(id).name), terms.definition(id).body);
    }
  }
  for (const Query& query : loaded->queries) add(print(terms, query.program, 200), query.program);
  problems.throw_if_any();
  shown.json["types"] = std::move(types);
  return shown;
}

Shown check_verb(const TermVerb& options, Context&) {
  const auto loaded = load(options.input, Query::Kind::run);
  Diagnostics problems(loaded->sources);
  const auto check = [&](ProgramId program) {
    infer(loaded->terms, loaded->module, program, problems);
  };
  for (const DefinitionId id : loaded->module.definitions) {
    check(loaded->terms.definition(id).body);
  }
  for (const Query& query : loaded->module.queries) {
    check(query.program);
    if (query.kind == Query::Kind::equal) check(query.other);
  }
  if (!options.input.expression.empty()) check(loaded->queries.front().program);
  problems.throw_if_any();
  Shown shown;
  const std::size_t definitions = loaded->module.definitions.size();
  const std::size_t queries =
      loaded->module.queries.size() + (options.input.expression.empty() ? 0 : 1);
  shown.text = fmt::format("{} definitions and {} queries are well formed and typed\n", definitions,
                           queries);
  shown.json = Json::object({{"definitions", definitions}, {"queries", queries}});
  return shown;
}

Shown fmt_verb(const TermVerb& options, Context&) {
  const auto loaded = load(options.input, Query::Kind::run);
  Shown shown;
  shown.text = options.input.expression.empty()
                   ? print_module(loaded->terms, loaded->module)
                   : print(loaded->terms, loaded->queries.front().program) + "\n";
  shown.json["text"] = shown.text;
  return shown;
}

Shown dual_verb(const TermVerb& options, Context&) {
  const auto loaded = load_for(options.input, Query::Kind::dual);
  Terms& terms = loaded->terms;
  Shown shown;
  Json duals = Json::array();
  for (const Query& query : loaded->queries) {
    const std::string text = print(terms, terms.dual(query.program));
    shown.text += text + "\n";
    duals.push_back(text);
  }
  shown.json["duals"] = std::move(duals);
  return shown;
}

// ---- normal forms ----

void ReduceVerb::describe(OptionSet& set) {
  input.describe(set);
  set.add("strategy", strategy, "Which place is rewritten next, with --log.")
      .choices({"normal", "random"});
  set.add("max-steps", max_steps, "Stop after this many rewriting steps, with --log.").range(1);
  set.add("no-eta", no_eta, "Keep wires: without the law that needs deep enough stacks.");
  set.add("log", log, "Show each rewriting step with its rule.");
}

Shown reduce_verb(const ReduceVerb& options, Context& context) {
  const auto loaded = load_for(options.input, Query::Kind::norm);
  Terms& terms = loaded->terms;
  Shown shown;
  Json results = Json::array();
  for (const Query& query : loaded->queries) {
    const Eta eta = options.no_eta ? Eta::off : Eta::on;
    if (!options.log) {
      const NormalForm form = normalise(terms, query.program, {.eta = eta}, context);
      shown.text += print(terms, form.program) + "\n";
      if (!form.complete) {
        shown.text += "limit: more than a million summands\n";
        shown.code = ExitCode::limit;
      }
      results.push_back(Json::object({{"program", print(terms, form.program)},
                                      {"summands", form.summands.size()},
                                      {"normal", form.complete}}));
      continue;
    }
    const Strategy strategy = options.strategy == "random" ? Strategy::random : Strategy::normal;
    const ReduceResult result = reduce(
        terms, query.program,
        {.strategy = strategy, .eta = eta, .max_steps = options.max_steps, .log = true}, context);
    Json log = Json::array();
    for (const ReduceStep& step : result.log) {
      shown.text +=
          fmt::format("{:<10} {}  =>  {}\n", to_string(step.rule), step.before, step.after);
      log.push_back(Json::object({{"rule", std::string(to_string(step.rule))},
                                  {"row", step.row},
                                  {"position", step.position},
                                  {"before", step.before},
                                  {"after", step.after}}));
    }
    shown.text += print(terms, result.program) + "\n";
    if (!result.normal) {
      shown.text += fmt::format("limit: not normal after {} steps\n", result.steps);
      shown.code = ExitCode::limit;
    }
    results.push_back(Json::object({{"program", print(terms, result.program)},
                                    {"normal", result.normal},
                                    {"steps", result.steps},
                                    {"log", std::move(log)}}));
  }
  shown.json["results"] = std::move(results);
  return shown;
}

void EqualVerb::describe(OptionSet& set_of_options) {
  input.describe(set_of_options);
  set_of_options.add("other", other, "What the expression is compared with.")
      .placeholder("PROGRAM");
  set_of_options.add("set", set, "Compare sets of results: M + M = M.");
  set_of_options.add("no-eta", no_eta, "Without the law that needs deep enough stacks.");
}

Shown equal_verb(const EqualVerb& options, Context& context) {
  const auto loaded = load_for(options.input, Query::Kind::equal);
  Terms& terms = loaded->terms;
  if (!options.input.expression.empty()) {
    if (options.other.empty()) throw UsageError("name the other program: --other 'skip'");
    Diagnostics problems(loaded->sources);
    const SourceId text = loaded->sources.add("--other", options.other);
    loaded->queries.front().other =
        parse_program(terms, loaded->sources, text, loaded->module, problems);
    problems.throw_if_any();
  }
  Shown shown;
  Json results = Json::array();
  for (const Query& query : loaded->queries) {
    const NormalOptions normal{.eta = options.no_eta ? Eta::off : Eta::on};
    const bool same = equal(terms, query.program, query.other,
                            options.set ? Compare::sets : Compare::multisets, normal, context);
    shown.text +=
        same ? "equal\n"
             : fmt::format("not equal:\n  {}\n  {}\n",
                           print(terms, normalise(terms, query.program, normal, context).program),
                           print(terms, normalise(terms, query.other, normal, context).program));
    if (!same) shown.code = ExitCode::no;
    results.push_back(same);
  }
  shown.json["equal"] = std::move(results);
  return shown;
}

void TranslateVerb::describe(OptionSet& set) {
  input.describe(set);
  set.add("to", to,
          "The language to write; dot draws an automaton, diagram the normal form, both for "
          "Graphviz; "
          "latex tabulates the first result's run.")
      .choices({"rmc", "prolog", "dot", "diagram", "latex"});
}

namespace {

// The program to draw: the expression, or else the file's last definition.
std::pair<ProgramId, Span> drawn(const Loaded& loaded, const Input& input) {
  if (!input.expression.empty()) {
    return {loaded.queries.front().program, loaded.queries.front().span};
  }
  if (loaded.module.definitions.empty()) {
    throw UsageError(
        fmt::format("'{}' defines nothing to draw; add 'def main = PROGRAM.'", input.file));
  }
  const Definition& definition = loaded.terms.definition(loaded.module.definitions.back());
  return {definition.body, definition.span};
}

void tabulate(Loaded& loaded, bool arith, Shown& shown, Context& context) {
  if (loaded.queries.empty()) throw UsageError("nothing to run: add 'run PROGRAM.' or --ask");
  RunOptions options;
  options.limits.max_steps = 100'000;
  if (arith) options.arithmetic = Arithmetic::on;
  const Query& query = loaded.queries.front();
  const LatexTrace trace = trace_latex(loaded.terms, query.program, query.memory, options, context);
  shown.text = trace.text;
  if (!trace.text.empty()) return;
  shown.text = trace.limit == Limit::none ? "false\n" : limit_text(trace.limit);
  shown.code = trace.limit == Limit::none ? ExitCode::no : ExitCode::limit;
}

}  // namespace

Shown translate_verb(const TranslateVerb& options, Context& context) {
  const auto loaded = load(options.input, Query::Kind::run);
  Shown shown;
  if (options.to == "latex") {
    tabulate(*loaded, options.input.arith, shown, context);
  } else if (options.to == "dot") {
    const auto [program, span] = drawn(*loaded, options.input);
    shown.text = automaton_dot(loaded->terms, loaded->sources, program, span);
  } else if (options.to == "diagram") {
    shown.text = diagram_dot(loaded->terms, drawn(*loaded, options.input).first, context);
  } else if (options.to == "prolog") {
    shown.text = to_prolog(loaded->terms, loaded->sources, loaded->module);
  } else {
    shown.text = options.input.expression.empty()
                     ? print_module(loaded->terms, loaded->module)
                     : print(loaded->terms, loaded->queries.front().program) + "\n";
  }
  shown.json["text"] = shown.text;
  return shown;
}

}  // namespace ordo::machine::rmc
