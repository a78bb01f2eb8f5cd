// The session of `ordo rmc repl`. As in Prolog, a program shows its first answer, `;` the next one;
// the search waits in between.
#include "ordo/machine/rmc_repl.h"

#include <fmt/format.h>

#include "ordo/machine/rmc_dialect.h"
#include "ordo/machine/rmc_load.h"
#include "ordo/machine/rmc_normal.h"
#include "ordo/machine/rmc_types.h"

namespace ordo::machine::rmc {
namespace {

struct Session {
  Terms terms;
  SourceMap sources;
  Module module;
  Memory memory;
  RunOptions options;
  bool trace = false;
  int entries = 0;
  Context context;  // of the entry that started the search
  std::unique_ptr<ResultStream> search;

  SourceId add(const std::string& text) {
    return sources.add(fmt::format("<{}>", ++entries), text);
  }
  static std::string without_dot(const std::string& text) {
    return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
  }

  Query query(const std::string& text) {
    Diagnostics problems(sources);
    Query made = parse_query(terms, sources, add(without_dot(text)), module, problems);
    problems.throw_if_any();
    if (made.memory.empty()) made.memory = memory;
    return made;
  }

  bool declares(const std::string& text) const {
    for (const char* word : {"def ", "sort ", "fun ", "loc ", "load "}) {
      if (text.starts_with(word)) return true;
    }
    return false;
  }

  std::string declare(SourceId source) {
    Module extended = module;
    extended.definitions.clear();  // a session may define a name again
    Diagnostics problems(sources);
    parse_module(terms, sources, source, extended, problems, dialect_loader());
    problems.throw_if_any();
    const std::size_t fresh = extended.definitions.size();
    extended.definitions.insert(extended.definitions.begin(), module.definitions.begin(),
                                module.definitions.end());
    module = std::move(extended);
    return fmt::format("{} definition{}", fresh, fresh == 1 ? "" : "s");
  }

  std::string evaluate(const std::string& text, Context& entry) {
    if (text == ";") return more(entry);
    if (declares(text)) return declare(add(text.ends_with('.') ? text : text + "."));
    const bool backward = text.starts_with("backward ");
    Query made = query(backward ? text.substr(9) : text);
    if (backward) made.program = terms.dual(made.program);
    if (trace) return traced(made, entry);
    context = entry;
    search = std::make_unique<ResultStream>(terms, made.program, made.memory, options, context);
    return more(entry);
  }

  std::string more(Context& entry) {
    if (search == nullptr) return "there is no search to go on with";
    context = entry;
    std::string text;
    try {
      if (search->next()) return print_answer(terms, search->answer()) + "   (; for more)";
      text = search->limit() == Limit::none
                 ? "false."
                 : limit_text(search->limit()) + "state: " + search->state();
    } catch (const Error&) {
      search = nullptr;
      throw;
    }
    search = nullptr;
    return text;
  }

  std::string traced(const Query& made, Context& entry) {
    std::string text;
    RunOptions limited = options;
    limited.search = Search::dfs;
    limited.limits.max_steps = 200;
    const TraceResult result =
        run_by_the_letter(terms, made.program, made.memory, limited, entry,
                          [&](const TraceEvent& event) { text += event_text(terms, event, 100); });
    for (const Answer& answer : result.answers) {
      text += "result: " + print_answer(terms, answer) + "\n";
    }
    if (result.limit != Limit::none) text += limit_text(result.limit);
    return text;
  }

  std::string set_trace(const std::string& text, Context& entry) {
    if (text != "on" && text != "off") return traced(query(text), entry);
    trace = text == "on";
    return "trace " + text;
  }

  std::string set_memory(const std::string& text) {
    if (!text.empty()) {
      Diagnostics problems(sources);
      Memory read = parse_memory(terms, sources, add(text), module, problems);
      problems.throw_if_any();
      memory = std::move(read);
    }
    return print_memory(terms, memory);
  }

  std::string set_search(const std::string& text) {
    if (text != "interleave" && text != "dfs" && text != "bfs" && text != "iddfs") {
      throw UsageError("searches are interleave, dfs, bfs and iddfs");
    }
    options.search = search_of(text);
    return "search " + text;
  }

  std::string set_limit(const std::string& text) {
    try {
      options.limits.max_steps = std::stoull(text);
    } catch (const std::exception&) {
      throw UsageError(fmt::format("':limit {}': expected a number of steps (0: no limit)", text));
    }
    return fmt::format("at most {} steps", options.limits.max_steps);
  }
};

int open_brackets(const std::string& text) {
  int open = 0;
  for (const char c : text) {
    open += c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0;
  }
  return open;
}

}  // namespace

ReplLanguage repl_language() {
  auto state = std::make_shared<Session>();
  state->options.limits.max_answers = 0;
  ReplLanguage language;
  language.greeting =
      "The Relational Machine Calculus. A program shows its first answer, ';' the next; "
      "'def name = program' defines; :help lists commands.";
  language.prompt = "rmc> ";
  language.evaluate = [state](const std::string& t, Context& c) { return state->evaluate(t, c); };
  language.is_incomplete = [](const std::string& t) { return open_brackets(t) > 0; };
  language.names = [state] {
    std::vector<std::string> names{"skip", "fail", "new", "def", "load", "backward"};
    for (const DefinitionId d : state->module.definitions) {
      names.push_back(state->terms.text(state->terms.definition(d).name));
    }
    return names;
  };
  const auto command = [&](const char* name, const char* argument, const char* help, auto run) {
    language.commands.push_back({name, argument, help, run});
  };
  using Text = const std::string&;
  command("dual", "PROGRAM", "what runs it backwards", [state](Text t, Context&) {
    return print(state->terms, state->terms.dual(state->query(t).program));
  });
  command("norm", "PROGRAM", "its normal form", [state](Text t, Context& c) {
    return print(state->terms, normalise(state->terms, state->query(t).program, {}, c).program);
  });
  command("type", "PROGRAM", "its stack type", [state](Text t, Context&) {
    Diagnostics problems(state->sources);
    const std::string type = infer(state->terms, state->module, state->query(t).program, problems);
    problems.throw_if_any();
    return type;
  });
  command("trace", "PROGRAM", "its states; 'on' and 'off' trace every program",
          [state](Text t, Context& c) { return state->set_trace(t, c); });
  command("more", "", "the next answer, as ';'",
          [state](Text, Context& c) { return state->more(c); });
  command("mem", "[MEMORY]", "show what stacks hold at the start, or set it: in: b a",
          [state](Text t, Context&) { return state->set_memory(t); });
  command("search", "NAME", "interleave, dfs, bfs or iddfs",
          [state](Text t, Context&) { return state->set_search(t); });
  command("limit", "STEPS", "transitions that a search may take",
          [state](Text t, Context&) { return state->set_limit(t); });
  command("load", "FILE", "read declarations",
          [state](Text t, Context&) { return state->declare(state->sources.add_file(t)); });
  return language;
}

}  // namespace ordo::machine::rmc
