#include "ordo/machine/rmc_load.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/machine/rmc_dialect.h"

namespace ordo::machine::rmc {
namespace {

constexpr std::size_t kShown = 1000;  // bytes of a term or program in a trace's JSON

void read_file_into(const Input& input, Loaded& loaded, Diagnostics& problems) {
  const SourceId file = loaded.sources.add_file(input.file);
  if (input.from == "rmc") {
    parse_module(loaded.terms, loaded.sources, file, loaded.module, problems, dialect_loader());
    return;
  }
  const Dialect& dialect = find_dialect(input.from);
  std::optional<SourceId> question;
  if (!input.ask.empty()) question = loaded.sources.add("--ask", input.ask);
  if (!input.ask_file.empty() && !dialect.reads_word_files) {
    question = loaded.sources.add_file(input.ask_file);
  }
  const std::string name = definition_name(std::filesystem::path(input.file).stem().string());
  Translation translation{loaded.sources, file,          question, name.empty() ? "main" : name,
                          loaded.terms,   loaded.module, problems};
  if (!input.ask_file.empty() && dialect.reads_word_files) translation.word_file = input.ask_file;
  if (input.arith) translation.arithmetic = Arithmetic::on;
  dialect.translate(translation);
}

// Declarations are kept in tables without order; texts sort them by name.
template <class Map>
std::vector<Symbol> names_in_order(const Terms& terms, const Map& map) {
  std::vector<Symbol> names;
  for (const auto& [name, value] : map) names.push_back(name);
  std::sort(names.begin(), names.end(),
            [&](Symbol a, Symbol b) { return terms.text(a) < terms.text(b); });
  return names;
}

}  // namespace

std::unique_ptr<Loaded> load(const Input& input, Query::Kind kind) {
  if (input.file.empty() && input.expression.empty()) {
    throw UsageError("nothing to do: name a file, or give a program with -e '[a]; [b]; <X>'");
  }
  auto loaded = std::make_unique<Loaded>();
  Diagnostics problems(loaded->sources);
  if (!input.file.empty()) read_file_into(input, *loaded, problems);
  Memory memory;
  if (!input.memory.empty()) {
    const SourceId text = loaded->sources.add("--mem", input.memory);
    memory = parse_memory(loaded->terms, loaded->sources, text, loaded->module, problems);
  }
  if (!input.expression.empty()) {
    const SourceId text = loaded->sources.add("-e", input.expression);
    Query query = parse_query(loaded->terms, loaded->sources, text, loaded->module, problems);
    query.kind = kind;
    if (!input.memory.empty()) query.memory = memory;
    loaded->queries.push_back(std::move(query));
  } else {
    for (Query query : loaded->module.queries) {
      if (query.kind != kind) continue;
      if (!input.memory.empty()) query.memory = memory;
      loaded->queries.push_back(std::move(query));
    }
    const auto entry = loaded->terms.find_definition(loaded->terms.intern("main"));
    if (loaded->queries.empty() && entry) {
      const ProgramId program = loaded->terms.call(*entry);
      loaded->queries.push_back({kind, program, 0, memory, loaded->terms.definition(*entry).span});
    }
  }
  problems.throw_if_any();
  return loaded;
}

std::unique_ptr<Loaded> load_for(const Input& input, Query::Kind kind) {
  auto loaded = load(input, kind);
  if (loaded->queries.empty()) {
    const char* words[] = {"run", "norm", "type", "equal", "dual"};
    throw UsageError(fmt::format(
        "'{}' has nothing to act on: add '{} PROGRAM.' or a definition 'def main = PROGRAM.', or "
        "give a program with -e",
        input.file, words[static_cast<int>(kind)]));
  }
  return loaded;
}

std::string print_query(const Terms& terms, const Query& query) {
  const char* words[] = {"run", "norm", "type", "equal", "dual"};
  std::string text =
      fmt::format("{} {}", words[static_cast<int>(query.kind)], print(terms, query.program));
  if (query.kind == Query::Kind::equal) text += " == " + print(terms, query.other);
  if (!query.memory.empty()) {
    text += fmt::format(" from {{{}}}", print_memory(terms, query.memory));
  }
  return text + ".";
}

std::string print_module(const Terms& terms, const Module& module) {
  std::string text;
  for (const Symbol sort : names_in_order(terms, module.sorts)) {
    text += fmt::format("sort {}.\n", terms.text(sort));
  }
  for (const Symbol name : names_in_order(terms, module.functions)) {
    const FunctionSort& function = module.functions.at(name);
    text += fmt::format("fun {} : ", terms.text(name));
    for (std::size_t i = 0; i < function.arguments.size(); ++i) {
      text += fmt::format("{}{}", i == 0 ? "" : " * ", terms.text(function.arguments[i]));
    }
    text += fmt::format("{}{}.\n", function.arguments.empty() ? "" : " -> ",
                        terms.text(function.result));
  }
  for (const Symbol name : names_in_order(terms, module.locations)) {
    const LocationSort& location = module.locations.at(name);
    text += fmt::format("loc {}", name == kMain ? "main" : terms.text(name));
    if (location.sort) text += " : " + terms.text(*location.sort);
    text += location.unbounded ? "*.\n" : ".\n";
  }
  for (const DefinitionId id : module.definitions) {
    const Definition& definition = terms.definition(id);
    text +=
        fmt::format("def {} = {}.\n", terms.text(definition.name), print(terms, definition.body));
  }
  for (const Query& query : module.queries) text += print_query(terms, query) + "\n";
  return text;
}

Search search_of(const std::string& name) {
  return name == "dfs"     ? Search::dfs
         : name == "bfs"   ? Search::bfs
         : name == "iddfs" ? Search::iddfs
                           : Search::interleave;
}

std::string limit_text(Limit limit) {
  return fmt::format("limit: {} (search incomplete)\n", to_string(limit));
}

Json answer_json(const AnswerText& answer) {
  Json bindings = Json::object(), memory = Json::object();
  for (const auto& [name, value] : answer.bindings) bindings[name] = value;
  for (const auto& [name, items] : answer.stacks) memory[name] = Json::array_of(items);
  return Json::object({{"bindings", std::move(bindings)}, {"memory", std::move(memory)}});
}

std::string event_text(const Terms& terms, const TraceEvent& event, std::size_t limit) {
  const StepperState state = show(terms, event, limit);
  std::string text =
      fmt::format("{:>5} {:<3} {:<13} {}\n", event.number, event.branch, event.rule, state.focus);
  for (const auto& column : state.stacks) {
    text += fmt::format("          {}:", column.name);
    for (const std::string& item : column.items) text += " " + item;
    text += '\n';
  }
  for (const auto& [variable, value] : event.made) {
    text += fmt::format("          {} = {}\n", terms.variable_name(variable),
                        print_term(terms, value, limit));
  }
  return text;
}

Json event_json(const Terms& terms, const SourceMap& sources, const TraceEvent& event) {
  Json memory = Json::object(), made = Json::object();
  for (const MemoryEntry& entry : event.memory) {
    Json items = Json::array();
    for (const TermId item : entry.items) items.push_back(print_term(terms, item, kShown));
    memory[entry.location == kMain ? "main" : terms.text(entry.location)] = std::move(items);
  }
  for (const auto& [variable, value] : event.made) {
    made[terms.variable_name(variable)] = print_term(terms, value, kShown);
  }
  const char* ends[] = {"", "success", "failure"};
  Json json = Json::object({{"number", event.number},
                            {"branch", event.branch},
                            {"parent", event.parent},
                            {"rule", event.rule},
                            {"program", print(terms, event.program, kShown)},
                            {"memory", std::move(memory)},
                            {"bindings", std::move(made)},
                            {"depth", event.depth},
                            {"end", ends[static_cast<int>(event.end)]}});
  if (event.has_changed) {
    json["changed"] = event.changed == kMain ? "main" : terms.text(event.changed);
  }
  if (event.span.end > event.span.begin) {
    const Location place = sources.locate(event.span);
    json["line"] = place.line;
    json["column"] = place.column;
  }
  return json;
}

}  // namespace ordo::machine::rmc
