// Emits code for a program's events; then each table is filled by looking at what each alternative
// does first. Nothing recurses.
#include "ordo/machine/rmc_code.h"

#include <algorithm>
#include <optional>

#include "ordo/machine/rmc_events.h"

namespace ordo::machine::rmc {
namespace {

class Emitter {
 public:
  // What is pushed to or popped from `solved` is solved instead.
  Emitter(const Terms& terms, CompiledProgram& out, std::vector<Variable> variables,
          std::optional<Symbol> solved)
      : terms_(terms), out_(out), variables_(std::move(variables)), solved_(solved) {}

  void emit(const std::vector<Event>& events) {
    for (std::size_t i = 0; i < out_.free_variables.size(); ++i) {
      free_index_[out_.free_variables[i]] = static_cast<std::uint32_t>(i);
    }
    for (std::size_t i = 0; i < events.size(); ++i) i = one(events, i);
    for (const auto& [at, routine] : calls_) out_.code[at].a = routines_.at(routine);
    fill_tables(out_, std::move(alternatives_));
  }

 private:
  std::uint32_t here() const { return static_cast<std::uint32_t>(out_.code.size()); }
  void code(Code c, std::uint32_t a = 0, Word w = 0) { out_.code.push_back({c, a, w}); }

  struct Choice {
    bool star;
    std::uint32_t dispatch;
    std::uint32_t start;               // of the choose
    std::vector<std::uint32_t> exits;  // jumps to the end
  };

  std::size_t one(const std::vector<Event>& events, std::size_t i) {
    const Event& event = events[i];
    switch (event.kind) {
      case Event::action:
        if (ends_summand(events, i)) {
          goal(event.id);
        } else {
          action(event.id);
        }
        break;
      case Event::enter_scope:
        return enter(events, i);
      case Event::leave_scope:
        scopes_.leave(event.id);
        if (!frame_scopes_.empty() && frame_scopes_.back().first == --open_scopes_) {
          frame_scopes_.pop_back();
          code(Code::unframe);
        }
        break;
      case Event::begin_sum:
      case Event::begin_star: {
        const bool star = event.kind == Event::begin_star;
        const auto number = static_cast<std::uint32_t>(out_.dispatches.size());
        choices_.push_back({star, number, here(), {}});
        out_.dispatches.emplace_back();
        out_.dispatches.back().star = star;
        alternatives_.emplace_back();
        if (star) alternatives_[number].push_back({0, false});  // where it ends, set later
        code(Code::choose, number);
        break;
      }
      case Event::alternative:
        next_register_ = 0;
        alternatives_[choices_.back().dispatch].push_back({here(), choices_.back().star});
        break;
      case Event::end_alternative:
        choices_.back().exits.push_back(here());
        if (in_goal_) {
          code(Code::execute, static_cast<std::uint32_t>(out_.goals.size() - 1));
          in_goal_ = false;
        } else {
          code(Code::jump, choices_.back().start);
        }
        break;
      case Event::end_choice: {
        const Choice choice = std::move(choices_.back());
        choices_.pop_back();
        next_register_ = 0;
        if (choice.star) {
          alternatives_[choice.dispatch].front().target = here();
        } else {
          for (const std::uint32_t exit : choice.exits) out_.code[exit].a = here();
        }
        break;
      }
      case Event::call:
        calls_.emplace_back(here(), event.id);
        code(Code::call);
        next_register_ = 0;
        break;
      case Event::begin_routine:
        routines_[event.id] = here();
        next_register_ = 0;
        break;
      case Event::end_routine:
        code(Code::leave);
        break;
      case Event::stop:
        code(Code::stop);
        break;
    }
    return i;
  }

  // Scopes that begin together share a frame. Returns the index of the last one taken.
  std::size_t enter(const std::vector<Event>& events, std::size_t i) {
    std::uint32_t count = 0;
    const std::uint32_t first_scope = open_scopes_;
    for (; i < events.size() && events[i].kind == Event::enter_scope; ++i) {
      Variable& variable = variables_[scopes_.enter(events[i].id)];
      ++open_scopes_;
      if (!variable.in_frame) continue;
      variable.place = count++;
      variable.depth = static_cast<std::uint32_t>(frame_scopes_.size()) + 1;
    }
    if (count > 0) {
      frame_scopes_.emplace_back(first_scope, count);
      code(Code::frame, count);
      out_.straight_words += 2 + 2 * std::size_t{count};
    }
    return i - 1;
  }

  // Whether an action is the last of a star's summand, and pushes a structure.
  bool ends_summand(const std::vector<Event>& events, std::size_t i) const {
    const ProgramNode& node = terms_.program(events[i].id);
    if (node.op != Op::push || node.label == solved_ || choices_.empty() || !choices_.back().star) {
      return false;
    }
    if (terms_.term(node.first).is_variable || terms_.term(node.first).arity == 0) return false;
    do {
      ++i;
    } while (events[i].kind == Event::leave_scope);
    return events[i].kind == Event::end_alternative;
  }

  void goal(ProgramId id) {
    const ProgramNode& node = terms_.program(id);
    const TermNode& item = terms_.term(node.first);
    const Word header = word::header(item.label, item.arity);
    const Choice& star = choices_.back();
    out_.goals.push_back({star.dispatch, star.start, out_.stack_number(node.label), header});
    out_.goal_arity = std::max(out_.goal_arity, item.arity);
    out_.straight_words += 3 + 2 * std::size_t{item.arity};
    code(Code::goal, 0, header);
    std::vector<Token> tokens;
    add_arguments(tokens, node.first, Cell::apart);
    emit_tokens(std::move(tokens), true);
    in_goal_ = true;
  }

  void action(ProgramId id) {
    const ProgramNode& node = terms_.program(id);
    if ((node.op == Op::push || node.op == Op::pop) && node.label == solved_) {
      code(Code::assign);
      term(node.first, true);
      code(Code::solve);
      return;
    }
    switch (node.op) {
      case Op::fail:
        code(Code::fail);
        break;
      case Op::push:
        code(Code::push, out_.stack_number(node.label));
        out_.straight_words += 2;
        term(node.first, true);
        break;
      case Op::pop:
        code(Code::pop, out_.stack_number(node.label));
        term(node.first, false);
        break;
      default:
        code(Code::assign);
        term(node.first, true);
        code(Code::match);
        term(node.second, false);
        break;
    }
  }

  // Where the cell of a variable that is new to a term lies.
  enum class Cell { apart, here };
  struct Token {
    TermId term;
    bool last;
    Cell cell;
    bool up = false;
  };

  void add_arguments(std::vector<Token>& tokens, TermId term, Cell cell) const {
    const auto args = terms_.args(term);
    for (std::size_t i = args.size(); i-- > 0;) {
      tokens.push_back({args[i], i + 1 == args.size(), cell});
    }
  }

  // A term, in preorder. What is popped shows its functor even if it is ground, for the tables.
  void term(TermId root, bool build) {
    const TermNode& node = terms_.term(root);
    if (build || !node.ground || node.arity == 0)
      return emit_tokens({{root, true, Cell::apart}}, build);
    code(Code::get_last_structure, 0, word::header(node.label, node.arity));
    out_.straight_words += 1 + 2 * std::size_t{node.arity};
    std::vector<Token> tokens;
    add_arguments(tokens, root, Cell::here);
    emit_tokens(std::move(tokens), build);
  }

  void emit_tokens(std::vector<Token> tokens, bool build) {
    std::uint32_t open = 0;
    while (!tokens.empty()) {
      const Token token = tokens.back();
      tokens.pop_back();
      if (token.up) {
        code(build ? Code::put_up : Code::get_up);
        --open;
        continue;
      }
      const TermNode& node = terms_.term(token.term);
      if (node.is_variable) {
        variable(node.label, build, token.cell);
      } else if (node.arity == 0) {
        code(build ? Code::put_constant : Code::get_constant, 0, word::constant(node.label));
      } else if (node.ground) {
        code(build ? Code::put_constant : Code::get_ground, 0,
             ground_word(terms_, out_, token.term));
      } else {
        const Word header = word::header(node.label, node.arity);
        out_.straight_words += 1 + 2 * std::size_t{node.arity};
        if (token.last) {
          code(build ? Code::put_last_structure : Code::get_last_structure, 0, header);
        } else {
          code(build ? Code::put_structure : Code::get_structure, 0, header);
          tokens.push_back({0, false, Cell::here, true});
          out_.nesting = std::max(out_.nesting, ++open);
        }
        add_arguments(tokens, token.term, Cell::here);
      }
    }
    ++out_.straight_words;  // a variable on its own
  }

  void variable(VarId v, bool build, Cell cell) {
    const std::uint32_t scope = scopes_(v);
    if (scope == ~0U) {
      code(build ? Code::put_outer : Code::get_outer, free_index_.at(v), frame_scopes_.size());
      return;
    }
    Variable& variable = variables_[scope];
    const bool here = cell == Cell::here;
    if (variable.in_frame) {
      code(build ? Code::put_outer : Code::get_outer, variable.place,
           frame_scopes_.size() - variable.depth);
    } else if (variable.occurrences == 1) {
      code(!build ? Code::get_void : here ? Code::put_void_here : Code::put_void);
    } else if (variable.seen) {
      code(build ? Code::put_value : Code::get_value, variable.place);
    } else {
      variable.seen = true;
      variable.place = next_register_++;
      out_.registers = std::max(out_.registers, next_register_);
      code(!build ? Code::get_first
           : here ? Code::put_first_here
                  : Code::put_first,
           variable.place);
    }
  }

  const Terms& terms_;
  CompiledProgram& out_;
  std::vector<Variable> variables_;
  std::optional<Symbol> solved_;
  Scopes scopes_;
  std::uint32_t open_scopes_ = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> frame_scopes_;  // first scope, variables
  std::vector<Choice> choices_;
  std::vector<std::vector<Alternative>> alternatives_;  // by dispatch
  std::vector<std::pair<std::uint32_t, std::uint32_t>> calls_;
  std::unordered_map<std::uint32_t, std::uint32_t> routines_;
  std::unordered_map<VarId, std::uint32_t> free_index_;
  std::uint32_t next_register_ = 0;
  bool in_goal_ = false;
};

}  // namespace

std::uint32_t CompiledProgram::stack_number(Symbol location) {
  const auto found = std::find(stacks.begin(), stacks.end(), location);
  if (found != stacks.end()) return static_cast<std::uint32_t>(found - stacks.begin());
  stacks.push_back(location);
  return static_cast<std::uint32_t>(stacks.size() - 1);
}

Word ground_word(const Terms& terms, CompiledProgram& compiled, TermId root) {
  std::vector<std::pair<TermId, bool>> tasks{{root, false}};
  const auto value = [&](TermId id) {
    const TermNode& node = terms.term(id);
    return node.arity == 0 ? word::constant(node.label) : compiled.ground_words.at(id);
  };
  while (!tasks.empty()) {
    const auto [id, ready] = tasks.back();
    tasks.pop_back();
    const TermNode& node = terms.term(id);
    if (node.arity == 0 || compiled.ground_words.contains(id)) continue;
    if (!ready) {
      tasks.emplace_back(id, true);
      for (const TermId arg : terms.args(id)) tasks.emplace_back(arg, false);
      continue;
    }
    std::vector<Word> cells{word::header(node.label, node.arity)};
    for (const TermId arg : terms.args(id)) cells.push_back(value(arg));
    compiled.ground.push_back(std::move(cells));
    compiled.ground_words[id] = word::structure(compiled.ground.back().data());
  }
  return value(root);
}

CompiledProgram compile(Terms& terms, ProgramId program, const Memory& memory,
                        Arithmetic arithmetic) {
  CompiledProgram compiled;
  compiled.free_variables = terms.free_variables(program);
  const auto add = [&](VarId v) {
    auto& all = compiled.free_variables;
    if (std::find(all.begin(), all.end(), v) == all.end()) all.push_back(v);
  };
  for (const MemoryEntry& entry : memory) {
    compiled.stack_number(entry.location);
    for (const TermId item : entry.items) {
      for (const VarId v : terms.variables_of(item)) add(v);
    }
  }
  const std::vector<Event> events = list_events(terms, program);
  std::optional<Symbol> solved;
  if (arithmetic == Arithmetic::on) solved = terms.location(kArithmeticStack);
  Emitter(terms, compiled, place_variables(terms, events), solved).emit(events);
  return compiled;
}

}  // namespace ordo::machine::rmc
