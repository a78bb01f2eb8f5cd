// Three passes without recursion. The first lists the program as events in the order of the code:
// actions, scopes, alternatives. The second finds which variables live within one straight piece of
// code (they become registers) and which are seen from several (they live in frames on the heap).
// The third emits code; then each table is filled by looking at what each alternative does first.
#include "ordo/machine/rmc_code.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace ordo::machine::rmc {
namespace {

constexpr std::uint64_t kInlineNodes = 1'000'000;

struct Event {
  enum Kind : std::uint8_t {
    action,       // push, pop, equate, fail
    enter_scope,  // of a `new`
    leave_scope,
    begin_sum,   // count: alternatives
    begin_star,  // count: alternatives of the body
    alternative,
    end_alternative,
    end_choice,
    call,
    begin_routine,  // a definition's own code
    end_routine,
    stop,
  } kind;
  std::uint32_t id = 0;  // a program; routines and calls: their number
  std::uint32_t count = 0;
};

// What calls a definition, dual or not.
using RoutineKey = std::uint64_t;
RoutineKey routine_key(const ProgramNode& call) {
  return RoutineKey{call.label} << 1 | (call.dual ? 1U : 0U);
}

class Lister {
 public:
  explicit Lister(Terms& terms) : terms_(terms) {}

  std::vector<Event> list(ProgramId program) {
    inline_calls_ = tree_size(program) <= kInlineNodes;
    walk(inline_calls_ ? terms_.expand(program) : program);
    events_.push_back({Event::stop});
    for (std::uint32_t i = 0; i < routines_.size(); ++i) {
      events_.push_back({Event::begin_routine, i});
      walk(routines_[i]);
      events_.push_back({Event::end_routine, i});
    }
    return std::move(events_);
  }

 private:
  struct Task {
    bool is_event;
    Event event;
    ProgramId program = 0;
  };

  ProgramId body_of(const ProgramNode& call) {
    const ProgramId body = terms_.definition(call.label).body;
    if (!call.dual) return body;
    const auto [place, fresh] = duals_.try_emplace(body, 0);
    if (fresh) place->second = terms_.dual(body);
    return place->second;
  }

  // As a tree with calls copied in, saturating.
  std::uint64_t tree_size(ProgramId root) {
    std::unordered_map<ProgramId, std::uint64_t> sizes;
    std::vector<std::pair<ProgramId, bool>> tasks{{root, false}};
    while (!tasks.empty()) {
      const auto [id, ready] = tasks.back();
      tasks.pop_back();
      if (sizes.contains(id)) continue;
      const ProgramNode node = terms_.program(id);
      std::vector<ProgramId> parts;
      if (node.op == Op::seq || node.op == Op::sum) parts = {node.first, node.second};
      if (node.op == Op::star || node.op == Op::fresh) parts = {node.first};
      if (node.op == Op::call) parts = {terms_.definition(node.label).body};
      if (ready) {
        std::uint64_t total = 1;
        for (const ProgramId part : parts) total += sizes[part];
        sizes[id] = std::min(total, 2 * kInlineNodes + 1);
      } else {
        tasks.emplace_back(id, true);
        for (const ProgramId part : parts) tasks.emplace_back(part, false);
      }
    }
    return sizes[root];
  }

  void event(Event::Kind kind, std::uint32_t id = 0, std::uint32_t count = 0) {
    tasks_.push_back({true, {kind, id, count}});
  }

  // The summands of a program, left to right.
  std::vector<ProgramId> summands(ProgramId root) const {
    std::vector<ProgramId> found, tasks{root};
    while (!tasks.empty()) {
      const ProgramId id = tasks.back();
      tasks.pop_back();
      const ProgramNode& node = terms_.program(id);
      if (node.op == Op::sum) {
        tasks.push_back(node.second);
        tasks.push_back(node.first);
      } else {
        found.push_back(id);
      }
    }
    return found;
  }

  void alternatives(const std::vector<ProgramId>& parts) {
    event(Event::end_choice);
    for (std::size_t i = parts.size(); i-- > 0;) {
      event(Event::end_alternative);
      tasks_.push_back({false, {}, parts[i]});
      event(Event::alternative);
    }
  }

  void walk(ProgramId root) {
    tasks_.assign(1, {false, {}, root});
    while (!tasks_.empty()) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      if (task.is_event) {
        events_.push_back(task.event);
        continue;
      }
      const ProgramNode node = terms_.program(task.program);
      switch (node.op) {
        case Op::skip:
          break;
        case Op::fail:
        case Op::push:
        case Op::pop:
        case Op::equate:
          events_.push_back({Event::action, task.program});
          break;
        case Op::seq:
          tasks_.push_back({false, {}, node.second});
          tasks_.push_back({false, {}, node.first});
          break;
        case Op::fresh:
          events_.push_back({Event::enter_scope, node.label});
          event(Event::leave_scope, node.label);
          tasks_.push_back({false, {}, node.first});
          break;
        case Op::sum:
        case Op::star: {
          const auto parts = summands(node.op == Op::sum ? task.program : node.first);
          events_.push_back({node.op == Op::sum ? Event::begin_sum : Event::begin_star,
                             task.program, static_cast<std::uint32_t>(parts.size())});
          alternatives(parts);
          break;
        }
        case Op::call: {
          const auto [place, fresh] =
              numbers_.try_emplace(routine_key(node), static_cast<std::uint32_t>(routines_.size()));
          if (fresh) routines_.push_back(body_of(node));
          events_.push_back({Event::call, place->second});
          break;
        }
      }
    }
  }

  Terms& terms_;
  bool inline_calls_ = true;
  std::vector<Event> events_;
  std::vector<Task> tasks_;
  std::unordered_map<RoutineKey, std::uint32_t> numbers_;
  std::vector<ProgramId> routines_;
  std::unordered_map<ProgramId, ProgramId> duals_;
};

// Which scope a variable belongs to at each point of the events. Scopes are numbered in the order
// in which they are entered.
class Scopes {
 public:
  std::uint32_t enter(VarId v) {
    open_[v].push_back(count_);
    return count_++;
  }
  void leave(VarId v) { open_[v].pop_back(); }
  /// The scope's number; ~0 for a free variable.
  std::uint32_t operator()(VarId v) const {
    const auto found = open_.find(v);
    return found == open_.end() || found->second.empty() ? ~0U : found->second.back();
  }
  std::uint32_t count() const { return count_; }

 private:
  std::unordered_map<VarId, std::vector<std::uint32_t>> open_;
  std::uint32_t count_ = 0;
};

// Where a scope's variable lives.
struct Variable {
  std::size_t loops_at_entry = 0;     // loops begun before its `new`
  std::size_t barriers_at_first = 0;  // barriers before its first occurrence
  std::uint32_t occurrences = 0;
  bool in_frame = false;
  bool seen = false;        // emission: the register is set
  std::uint32_t place = 0;  // register, or index in its frame
  std::uint32_t depth = 0;  // in a frame: how many frames are open with it
};

template <class Visit>
void for_each_variable(const Terms& terms, TermId term, const Visit& visit) {
  std::vector<TermId> tasks{term};
  while (!tasks.empty()) {
    const TermId id = tasks.back();
    tasks.pop_back();
    const TermNode& node = terms.term(id);
    if (node.is_variable) visit(node.label);
    if (node.ground) continue;
    const auto args = terms.args(id);
    tasks.insert(tasks.end(), args.rbegin(), args.rend());
  }
}

std::vector<Variable> place_variables(const Terms& terms, const std::vector<Event>& events) {
  std::vector<Variable> variables;
  Scopes scopes;
  std::size_t barriers = 0, loops = 0;
  for (const Event& event : events) {
    switch (event.kind) {
      case Event::enter_scope:
        scopes.enter(event.id);
        variables.emplace_back();
        variables.back().loops_at_entry = loops;
        break;
      case Event::leave_scope:
        scopes.leave(event.id);
        break;
      case Event::action: {
        const ProgramNode& node = terms.program(event.id);
        const auto visit = [&](VarId v) {
          const std::uint32_t scope = scopes(v);
          if (scope == ~0U) return;
          Variable& variable = variables[scope];
          if (variable.occurrences++ == 0) {
            variable.barriers_at_first = barriers;
            variable.in_frame = variable.loops_at_entry != loops;
          } else if (variable.barriers_at_first != barriers) {
            variable.in_frame = true;
          }
        };
        if (node.op == Op::fail) break;
        for_each_variable(terms, node.first, visit);
        if (node.op == Op::equate) for_each_variable(terms, node.second, visit);
        break;
      }
      case Event::begin_star:
        ++loops;
        ++barriers;
        break;
      default:
        ++barriers;
        break;
    }
  }
  return variables;
}

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
    for (Dispatch& dispatch : out_.dispatches) fill(dispatch);
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
        action(event.id);
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
        code(Code::jump, choices_.back().start);
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

  // The tokens of a term, in preorder.
  void term(TermId root, bool build) {
    struct Task {
      TermId term;
      bool last;
      bool up = false;
    };
    std::vector<Task> tasks{{root, true}};
    std::uint32_t open = 0;
    while (!tasks.empty()) {
      const Task task = tasks.back();
      tasks.pop_back();
      if (task.up) {
        code(build ? Code::put_up : Code::get_up);
        --open;
        continue;
      }
      const TermNode& node = terms_.term(task.term);
      if (node.is_variable) {
        variable(node.label, build);
      } else if (node.arity == 0) {
        code(build ? Code::put_constant : Code::get_constant, 0, word::constant(node.label));
      } else if (node.ground) {
        code(build ? Code::put_constant : Code::get_ground, 0,
             ground_word(terms_, out_, task.term));
      } else {
        const Word header = word::header(node.label, node.arity);
        out_.straight_words += 1 + 2 * std::size_t{node.arity};
        if (task.last) {
          code(build ? Code::put_last_structure : Code::get_last_structure, 0, header);
        } else {
          code(build ? Code::put_structure : Code::get_structure, 0, header);
          tasks.push_back({0, false, true});
          out_.nesting = std::max(out_.nesting, ++open);
        }
        const auto args = terms_.args(task.term);
        for (std::size_t i = args.size(); i-- > 0;) {
          tasks.push_back({args[i], i + 1 == args.size()});
        }
      }
    }
    ++out_.straight_words;  // a variable on its own
  }

  void variable(VarId v, bool build) {
    const std::uint32_t scope = scopes_(v);
    if (scope == ~0U) {
      code(build ? Code::put_outer : Code::get_outer, free_index_.at(v), frame_scopes_.size());
      return;
    }
    Variable& variable = variables_[scope];
    if (variable.in_frame) {
      code(build ? Code::put_outer : Code::get_outer, variable.place,
           frame_scopes_.size() - variable.depth);
    } else if (variable.occurrences == 1) {
      code(build ? Code::put_void : Code::get_void);
    } else if (variable.seen) {
      code(build ? Code::put_value : Code::get_value, variable.place);
    } else {
      variable.seen = true;
      variable.place = next_register_++;
      out_.registers = std::max(out_.registers, next_register_);
      code(build ? Code::put_first : Code::get_first, variable.place);
    }
  }

  // ---- tables ----

  // What an alternative needs to begin: a pop from `stack` of an item with `key` (0: any) whose
  // arguments have keys.
  struct First {
    bool pops = false;
    std::uint32_t stack = 0;
    Word key = 0;
    std::vector<Word> arguments = {};
  };

  Word key_of(const Instruction& token) const {
    switch (token.code) {
      case Code::get_constant:
        return token.w;
      case Code::get_ground:
        return *word::address(token.w);
      case Code::get_structure:
      case Code::get_last_structure:
        return token.w;
      default:
        return 0;
    }
  }

  First first_of(std::uint32_t at) const {
    for (int hops = 0; hops < 1000; ++hops) {
      const Instruction& instruction = out_.code[at];
      if (instruction.code == Code::jump) {
        at = instruction.a;
      } else if (instruction.code == Code::frame || instruction.code == Code::unframe) {
        ++at;
      } else {
        break;
      }
    }
    if (out_.code[at].code != Code::pop) return {};
    First first{true, out_.code[at].a, key_of(out_.code[at + 1])};
    const Instruction& item = out_.code[++at];
    if (item.code == Code::get_ground) {
      const Word* args = word::address(item.w);
      for (std::uint32_t i = 1; i <= word::arity(*args); ++i)
        first.arguments.push_back(key_in(args[i]));
    } else if (item.code == Code::get_last_structure) {
      const std::uint32_t arity = word::arity(item.w);
      // A structure's tokens end with its get_up; as the last argument they are not skipped over.
      for (++at; first.arguments.size() < arity && first.arguments.size() < kIndexedArguments;) {
        first.arguments.push_back(key_of(out_.code[at]));
        std::uint32_t open = out_.code[at].code == Code::get_structure ? 1 : 0;
        for (++at; open > 0; ++at) {
          if (out_.code[at].code == Code::get_structure) ++open;
          if (out_.code[at].code == Code::get_up) --open;
        }
      }
    }
    return first;
  }
  static Word key_in(Word value) {
    return word::tag(value) == word::kStructure ? *word::address(value) : value;
  }

  using Members = std::vector<std::size_t>;  // numbers of alternatives, in order

  KeyTable::Range add_list(Dispatch& dispatch, const std::vector<Alternative>& all,
                           const Members& members) {
    const auto begin = static_cast<std::uint32_t>(dispatch.lists.size());
    for (const std::size_t member : members) dispatch.lists.push_back(all[member]);
    return {begin, static_cast<std::uint32_t>(dispatch.lists.size())};
  }

  // Groups members by key; members with key 0 go everywhere.
  struct Grouped {
    std::vector<Word> keys;  // in order of first occurrence
    std::unordered_map<Word, Members> members;
    Members other;
  };
  template <class KeyOf>
  static Grouped group(const Members& members, const KeyOf& key_of) {
    Grouped grouped;
    for (const std::size_t member : members) {
      const Word key = key_of(member);
      if (key == 0) {
        for (auto& [k, list] : grouped.members) list.push_back(member);
        grouped.other.push_back(member);
      } else {
        const auto [place, fresh] = grouped.members.try_emplace(key, grouped.other);
        if (fresh) grouped.keys.push_back(key);
        place->second.push_back(member);
      }
    }
    return grouped;
  }

  static void reserve(KeyTable& table, std::size_t keys) {
    std::size_t size = 2;
    while (size < 2 * keys + 1) size *= 2;
    table.entries.assign(size, {});
  }
  static KeyTable::Entry& insert(KeyTable& table, Word key) {
    const std::size_t mask = table.entries.size() - 1;
    std::size_t at = (key * 0x9E3779B97F4A7C15ULL >> 40) & mask;
    while (table.entries[at].key != 0) at = (at + 1) & mask;
    table.entries[at].key = key;
    return table.entries[at];
  }

  void fill(Dispatch& dispatch) {
    const auto& all = alternatives_[static_cast<std::size_t>(&dispatch - out_.dispatches.data())];
    std::vector<First> firsts;
    Members everyone;
    std::unordered_map<std::uint32_t, std::size_t> votes;
    for (const Alternative& alternative : all) {
      firsts.push_back(first_of(alternative.target));
      everyone.push_back(everyone.size());
      if (firsts.back().pops) ++votes[firsts.back().stack];
    }
    dispatch.all = add_list(dispatch, all, everyone);
    std::size_t most = 0;
    for (const auto& [stack, count] : votes) {
      if (count > most || (count == most && stack < dispatch.stack)) {
        most = count;
        dispatch.stack = stack;
      }
    }
    if (most == 0) return;
    dispatch.indexed = true;
    const auto on_stack = [&](std::size_t m) {
      return firsts[m].pops && firsts[m].stack == dispatch.stack;
    };
    Members without;
    for (const std::size_t m : everyone) {
      if (!on_stack(m)) without.push_back(m);
    }
    dispatch.empty = add_list(dispatch, all, without);
    const Grouped grouped =
        group(everyone, [&](std::size_t m) { return on_stack(m) ? firsts[m].key : Word{0}; });
    dispatch.table.unbound = dispatch.all;
    dispatch.table.other = add_list(dispatch, all, grouped.other);
    reserve(dispatch.table, grouped.keys.size());
    for (const Word key : grouped.keys) {
      const Members& members = grouped.members.at(key);
      KeyTable::Entry& entry = insert(dispatch.table, key);
      entry.range = add_list(dispatch, all, members);
      if (members.size() > 1 && word::tag(key) == word::kHeader) {
        entry.inner = inner_table(dispatch, all, firsts, members, on_stack);
      }
    }
  }

  // A table on the argument with the most keys, or -1.
  template <class OnStack>
  std::int32_t inner_table(Dispatch& dispatch, const std::vector<Alternative>& all,
                           const std::vector<First>& firsts, const Members& members,
                           const OnStack& on_stack) {
    std::size_t best_keys = 0;
    Grouped best;
    std::uint32_t argument = 0;
    for (std::uint32_t i = 0; i < kIndexedArguments; ++i) {
      Grouped grouped = group(members, [&](std::size_t m) {
        return on_stack(m) && i < firsts[m].arguments.size() ? firsts[m].arguments[i] : Word{0};
      });
      if (grouped.keys.size() <= best_keys) continue;
      best_keys = grouped.keys.size();
      best = std::move(grouped);
      argument = i;
    }
    if (best_keys == 0) return -1;
    KeyTable table;
    table.argument = argument;
    table.unbound = add_list(dispatch, all, members);
    table.other = add_list(dispatch, all, best.other);
    reserve(table, best.keys.size());
    for (const Word key : best.keys) {
      insert(table, key).range = add_list(dispatch, all, best.members.at(key));
    }
    dispatch.inner.push_back(std::move(table));
    return static_cast<std::int32_t>(dispatch.inner.size() - 1);
  }

  static constexpr std::uint32_t kIndexedArguments = 8;

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
  const std::vector<Event> events = Lister(terms).list(program);
  std::optional<Symbol> solved;
  if (arithmetic == Arithmetic::on) solved = terms.location(kArithmeticStack);
  Emitter(terms, compiled, place_variables(terms, events), solved).emit(events);
  return compiled;
}

namespace {

std::string key_text(const Terms& terms, Word key) {
  if (word::tag(key) == word::kConstant) return terms.text(word::symbol(key));
  return fmt::format("{}/{}", terms.text(word::functor(key)), word::arity(key));
}

}  // namespace

std::string describe_dispatch(const Terms& terms, const CompiledProgram& compiled) {
  std::string text;
  for (std::size_t i = 0; i < compiled.dispatches.size(); ++i) {
    const Dispatch& dispatch = compiled.dispatches[i];
    text += fmt::format("{} {}: {} alternatives", dispatch.star ? "star" : "sum", i,
                        dispatch.all.end - dispatch.all.begin);
    if (!dispatch.indexed) {
      text += ", tried in order\n";
      continue;
    }
    const Symbol location = compiled.stacks[dispatch.stack];
    text += fmt::format(", by the top of {}\n", location == kMain ? "main" : terms.text(location));
    for (const KeyTable::Entry& entry : dispatch.table.entries) {
      if (entry.key == 0) continue;
      text += fmt::format("  {:<16} {}", key_text(terms, entry.key),
                          entry.range.end - entry.range.begin);
      if (entry.inner >= 0) {
        text += fmt::format(", then by argument {}",
                            dispatch.inner[static_cast<std::size_t>(entry.inner)].argument + 1);
      }
      text += '\n';
    }
  }
  return text;
}

}  // namespace ordo::machine::rmc
