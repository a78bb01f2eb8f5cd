#include "ordo/machine/rmc_dialect.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "ordo/machine/rmc_from_automaton.h"
#include "ordo/machine/rmc_from_inet.h"
#include "ordo/machine/rmc_from_kappa.h"
#include "ordo/machine/rmc_from_petri.h"
#include "ordo/machine/rmc_from_prolog.h"
#include "ordo/machine/rmc_from_regex.h"
#include "ordo/machine/rmc_from_turing.h"

namespace ordo::machine::rmc {
namespace {

std::string plain_name(std::string_view text, std::string_view otherwise) {
  std::string name;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte))
      name += c;
    else if (byte < 0x80 || byte >= 0xC0)  // one for each character
      name += '_';
  }
  if (!name.empty()) name[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(name[0])));
  if (name.empty() || name[0] < 'a' || name[0] > 'z') name = std::string(otherwise) + name;
  return is_reserved(name) || name == "main" ? name + "_" : name;
}

}  // namespace

ProgramId Translation::define(ProgramId program) {
  const DefinitionId id = terms.define(terms.intern(name), program, {file, 0, 0});
  module.definitions.push_back(id);
  return terms.call(id);
}

void Translation::ask(ProgramId program, Memory memory, StackStream stream) {
  module.queries.push_back({.kind = Query::Kind::run,
                            .program = program,
                            .memory = std::move(memory),
                            .span = {},
                            .stream = std::move(stream)});
}

const std::vector<Dialect>& dialects() {
  static const std::vector<Dialect> kDialects{
      {"prolog", "goals: 'anc(tom, W)'", from_prolog},
      {"regex", "a word: abab", from_regex, true},
      {"automaton", "a word: abab", from_automaton},
      {"turing", "a tape: 1011", from_turing},
      {"petri", "a marking: '2 p + q'", from_petri},
      {"inet", "a net: 'add(z, r) >< s(z)'", from_inet},
      {"kappa", "values: 'a f(b)', the last on top", from_kappa}};
  return kDialects;
}

const Dialect& find_dialect(std::string_view name) {
  std::string known;
  for (const Dialect& dialect : dialects()) {
    if (dialect.name == name) return dialect;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", dialect.name);
  }
  throw UsageError(fmt::format("there is no dialect '{}'; there are {}", name, known));
}

Loader dialect_loader() {
  return [](const LoadRequest& request, Terms& terms, SourceMap& sources, Module& module,
            Diagnostics& problems) {
    const Dialect& dialect = find_dialect(request.dialect);
    const SourceId file = sources.add_file(request.path);
    Translation translation{
        sources, file,   std::nullopt, definition_name(request.path.stem().string()),
        terms,   module, problems};
    dialect.translate(translation);
  };
}

std::string definition_name(std::string_view text) { return plain_name(text, "d"); }

std::vector<std::string> location_names(const std::vector<std::string>& texts) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const std::string& text : texts) {
    const std::string base = plain_name(text, "p");
    std::string name = base;
    for (int i = 2; !taken.insert(name).second; ++i) name = fmt::format("{}_{}", base, i);
    names.push_back(std::move(name));
  }
  return names;
}

std::string unlike_marks(std::string_view name, Marks marks) {
  for (const std::string_view mark : marks) {
    if (name.starts_with(mark) &&
        name.find_first_not_of('\'', mark.size()) == std::string_view::npos)
      return std::string(name) + "'";
  }
  return std::string(name);
}

TermId symbol_constant(Terms& terms, std::string_view text, Marks marks) {
  const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits && (text == "0" || text[0] != '0')) return terms.integer(text);
  return terms.constant(unlike_marks(text, marks));
}

std::vector<LineWord> WordLines::next() {
  std::vector<LineWord> words;
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\n') {
      ++at_;
      if (!words.empty()) return words;
    } else if (blank(c)) {
      ++at_;
    } else if (c == '%' || text_.substr(at_, 2) == "--") {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      const std::size_t begin = at_;
      while (at_ < text_.size() && !blank(text_[at_]) && text_[at_] != '\n') ++at_;
      words.push_back(
          {text_.substr(begin, at_ - begin),
           {file_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)}});
    }
  }
  return words;
}

}  // namespace ordo::machine::rmc
