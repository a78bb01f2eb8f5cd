#include "ordo/machine/fmc_repl.h"

#include <memory>
#include <optional>

#include <fmt/format.h>

#include "ordo/machine/fmc_lambda.h"
#include "ordo/machine/fmc_meta.h"
#include "ordo/machine/fmc_reduce.h"
#include "ordo/machine/fmc_show.h"
#include "ordo/machine/fmc_tokens.h"
#include "ordo/machine/fmc_types.h"
#include "ordo/machine/fmc_while.h"

namespace ordo::machine::fmc {
namespace {

struct ReplState {
  Terms terms;
  SourceMap sources;
  Module module;
  MemoryText memory;
  Limits limits;
  int entries = 0;
  std::optional<TermId> stepped;  // what `:step` is in the middle of
  std::uint64_t steps = 0;

  std::string source_name() { return fmt::format("<{}>", ++entries); }
  TermId term(const std::string& text) {
    Diagnostics problems(sources);
    const TermId id =
        parse_term(terms, sources, sources.add(source_name(), text), module, problems);
    problems.throw_if_any();
    return id;
  }
  // A declaration extends the session; a term runs on the session's memory.
  std::string evaluate(const std::string& text, Context& context) {
    const SourceId source = sources.add(source_name(), text);
    if (is_declaration(source)) return declare(source);
    const TermId id = term(text.ends_with('.') ? text.substr(0, text.size() - 1) : text);
    RunOptions options;
    options.limits = limits;
    const RunResult result = run(terms, module, id, memory, options, context);
    if (result.status == Status::exit) memory = result.memory;
    return outcome_text(terms, sources, result);
  }
  bool is_declaration(SourceId source) {
    Diagnostics ignored(sources);
    const TokenStream tokens(terms, sources, source, ignored);
    return tokens.reserved_at() || (tokens.name() && tokens.at(kAssign, 1));
  }
  std::string declare(SourceId source) {
    Module extended = module;
    Diagnostics problems(sources);
    parse_module(terms, sources, source, extended, problems);
    problems.throw_if_any();
    const auto counted = [](std::size_t count, const char* what) {
      return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
    };
    const std::size_t fresh = extended.definitions().size() - module.definitions().size();
    const std::size_t types = extended.data().size() - module.data().size();
    if (types > 0 && fresh == 0) {
      module = std::move(extended);
      return counted(types, "data type");
    }
    module = std::move(extended);
    return counted(fresh, "definition") + (types > 0 ? ", " + counted(types, "data type") : "");
  }
  std::string trace(const std::string& text, Context& context) {
    std::string shown;
    std::size_t number = 0;
    RunOptions options;
    options.limits.max_steps = 200;
    const RunResult result = run_by_substitution(
        terms, module, term(text), memory, options, context,
        [&](const State& state) { shown += state_text(show(terms, state, 100), number++); });
    return shown + outcome_text(terms, sources, result);
  }
  // `:step M` shows M's first state, `:step` the next one.
  std::string step(const std::string& text, Context& context) {
    if (!text.empty()) {
      stepped = term(text);
      steps = 0;
    } else if (!stepped) {
      throw UsageError("':step TERM' begins, ':step' goes on");
    } else {
      ++steps;
    }
    State last;
    std::size_t number = 0;
    RunOptions options;
    options.limits.max_steps = steps;
    RunResult result;
    if (steps == 0) {
      last = {"start", *stepped, memory, {}};
    } else {
      result = run_by_substitution(terms, module, *stepped, memory, options, context,
                                   [&](const State& state) {
                                     last = state;
                                     ++number;
                                   });
    }
    const bool ended = steps > 0 && result.status != Status::limit;
    const std::string shown = state_text(show(terms, last, 100), steps == 0 ? 0 : number - 1);
    return ended ? shown + outcome_text(terms, sources, result) : shown;
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
  std::string set_limit(const std::string& text) {
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || text.size() > 18)
      throw UsageError(fmt::format("':limit {}': expected a number of steps (0: no limit)", text));
    limits.max_steps = std::stoull(text);
    return limits.max_steps == 0 ? "no limit of steps"
                                 : fmt::format("at most {} steps", limits.max_steps);
  }
  std::string lambda(const std::string& text, LambdaOrder order) {
    Diagnostics problems(sources);
    const TermId id =
        from_lambda(terms, sources, sources.add(source_name(), text), order, problems);
    problems.throw_if_any();
    return print(terms, id);
  }
  std::string metalanguage(const std::string& text, Metalanguage language) {
    Diagnostics problems(sources);
    const TermId id =
        from_metalanguage(terms, sources, sources.add(source_name(), text), language, problems);
    problems.throw_if_any();
    return print(terms, id);
  }
  // An imperative program runs, with cells of its own.
  std::string imperative(const std::string& text, Context& context) {
    Diagnostics problems(sources);
    const TermId id = from_while(terms, sources, sources.add(source_name(), text), problems).term;
    problems.throw_if_any();
    RunOptions options;
    options.limits = limits;
    return outcome_text(terms, sources, run(terms, module, id, {}, options, context));
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
    for (const Definition& d : state->module.definitions())
      names.push_back(state->terms.text(d.name));
    return names;
  };
  const auto command = [&](const char* name, const char* argument, const char* help, auto run) {
    language.commands.push_back({name, argument, help, run});
  };
  using Text = const std::string&;
  command("type", "TERM", "its stack type", [state](Text t, Context&) { return state->type(t); });
  language.commands.back().short_name = "t";
  command("trace", "TERM", "its states, one a transition",
          [state](Text t, Context& c) { return state->trace(t, c); });
  command("step", "[TERM]", "the first state of a term; alone, the next state",
          [state](Text t, Context& c) { return state->step(t, c); });
  command("nf", "TERM", "its normal form",
          [state](Text t, Context& c) { return state->normal_form(t, c); });
  command("mem", "[MEMORY]", "show the session's memory, or set it: c: 0; in: 5 3",
          [state](Text t, Context&) { return state->set_memory(t); });
  command("limit", "STEPS", "transitions that an entry may take (0: no limit)",
          [state](Text t, Context&) { return state->set_limit(t); });
  command("load", "FILE", "read definitions",
          [state](Text t, Context&) { return state->declare(state->sources.add_file(t)); });
  command("cbn", "LAMBDA", "translate, call by name",
          [state](Text t, Context&) { return state->lambda(t, LambdaOrder::by_name); });
  command("cbv", "LAMBDA", "translate, call by value",
          [state](Text t, Context&) { return state->lambda(t, LambdaOrder::by_value); });
  command("moggi", "TERM", "translate from the computational metalanguage",
          [state](Text t, Context&) { return state->metalanguage(t, Metalanguage::moggi); });
  command("cbpv", "TERM", "translate from call-by-push-value",
          [state](Text t, Context&) { return state->metalanguage(t, Metalanguage::push_value); });
  command("imp", "PROGRAM", "run an imperative program: x := 1; print x + 2;",
          [state](Text t, Context& c) { return state->imperative(t, c); });
  return language;
}

}  // namespace ordo::machine::fmc
