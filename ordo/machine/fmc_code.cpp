#include "ordo/machine/fmc_code.h"

#include <algorithm>

#include <fmt/format.h>

namespace ordo::machine::fmc {
namespace {

constexpr std::uint32_t kPending = ~0U;

struct Open {  // a handler in force
  Symbol jump;
  std::uint32_t label;
  std::uint32_t number;  // in the program
};

// A block being compiled; enclosing ones wait below it.
struct Scope {
  std::uint32_t block;
  std::uint32_t base;  // binders in scope where the block begins
  std::uint32_t slots = 0;
  std::uint16_t steps = 0;
  bool reachable = true;
  std::vector<Instruction> code;
  std::vector<TermId> origins;
  std::vector<std::uint32_t> labels;  // label -> offset in `code`
  std::vector<Open> handlers;
  std::unordered_map<Symbol, std::vector<std::uint32_t>> positions;  // in `handlers`
  std::unordered_map<std::uint32_t, std::uint32_t> captured;         // binder -> slot
  std::vector<std::uint32_t> captured_order;
  std::vector<std::uint32_t> own;           // binder -> slot, from base
  std::vector<std::uint32_t> all_handlers;  // their numbers, also of closed ones
  std::size_t last_label = kPending;        // offset where a label was last placed
};

class Compiler {
 public:
  Compiler(Terms& terms, const Module& module, Compiled& out)
      : terms_(terms), module_(module), program_(out.program) {}

  std::uint32_t closed_block(TermId term) {
    const std::uint32_t block = new_block(term);
    queue_.push_back(block);
    return block;
  }
  void drain() {
    while (!queue_.empty()) {
      const std::uint32_t block = queue_.back();
      queue_.pop_back();
      open(block);
      tasks_.push_back({Task::Kind::finish, 0, 0});
      tasks_.push_back({Task::Kind::term, program_.blocks[block].term, 0});
      while (!tasks_.empty()) {
        const Task task = tasks_.back();
        tasks_.pop_back();
        step(task);
      }
    }
  }

 private:
  struct Task {
    enum class Kind { term, end_left, end_loop, close_binder, finish, finish_push } kind;
    TermId term;
    std::uint32_t label;
  };

  Scope& top() { return scopes_.back(); }

  std::uint32_t new_block(TermId term) {
    program_.blocks.push_back({});
    Block& block = program_.blocks.back();
    const auto number = static_cast<std::uint32_t>(program_.blocks.size() - 1);
    block.term = term;
    block.closed[0] = (std::uint64_t{number} << 32) | 2;
    return number;
  }

  void open(std::uint32_t block) {
    scopes_.emplace_back();
    top().block = block;
    top().base = depth_;
  }

  void emit(Code code, std::uint32_t a, std::uint64_t b, std::uint32_t steps) {
    Scope& scope = top();
    if (!scope.reachable) return;
    steps += std::exchange(scope.steps, 0);
    scope.code.push_back({code, static_cast<std::uint16_t>(steps), a, b});
    scope.origins.push_back(current_);
  }
  void count(std::uint32_t steps) {
    if (top().steps + steps > 60000) emit(Code::go, fresh_label(true), 0, 0);
    top().steps = static_cast<std::uint16_t>(top().steps + steps);
  }

  void count_all(std::size_t steps) {
    for (; steps > 50'000; steps -= 50'000) count(50'000);
    count(static_cast<std::uint32_t>(steps));
  }

  std::uint32_t fresh_label(bool here = false) {
    top().labels.push_back(kPending);
    const auto label = static_cast<std::uint32_t>(top().labels.size() - 1);
    if (here) top().labels[label] = static_cast<std::uint32_t>(top().code.size()) + 1;
    return label;
  }
  void place(std::uint32_t label) {
    Scope& scope = top();
    if (scope.steps > 0 && scope.reachable) emit(Code::go, label, 0, 0);
    drop_jump_to_next(scope, label);
    scope.labels[label] = static_cast<std::uint32_t>(scope.code.size());
    scope.last_label = scope.labels[label];
    scope.reachable = true;
    scope.steps = 0;
  }
  // A primitive that goes on to the very next instruction needs no jump.
  // Steps that come after a primitive; false if there is no room for so many.
  static bool add_steps(Instruction& primitive, std::uint32_t steps) {
    if (primitive.steps + steps > 65'535) return false;
    primitive.steps = static_cast<std::uint16_t>(primitive.steps + steps);
    primitive.a += steps << 8;
    return true;
  }
  static void drop_jump_to_next(Scope& scope, std::uint32_t label) {
    const std::size_t size = scope.code.size();
    if (size < 2 || scope.last_label == size - 1) return;
    const Instruction& jump = scope.code[size - 1];
    Instruction& before = scope.code[size - 2];
    const bool primitive = before.code == Code::arithmetic || before.code == Code::compare ||
                           before.code == Code::other;
    if (jump.code != Code::go || jump.a != label || !primitive) return;
    if (!add_steps(before, jump.steps)) return;
    scope.code.pop_back();
    scope.origins.pop_back();
  }
  void add_handler(Symbol jump, std::uint32_t label) {
    Scope& scope = top();
    scope.positions[jump].push_back(static_cast<std::uint32_t>(scope.handlers.size()));
    const Handler* outer =
        scope.handlers.empty() ? nullptr : &program_.handlers[scope.handlers.back().number];
    const auto number = static_cast<std::uint32_t>(program_.handlers.size());
    program_.handlers.push_back({constant(jump), outer, label, 0});
    scope.handlers.push_back({jump, label, number});
    scope.all_handlers.push_back(number);
  }
  void remove_handler() {
    Scope& scope = top();
    const auto found = scope.positions.find(scope.handlers.back().jump);
    found->second.pop_back();
    if (found->second.empty()) scope.positions.erase(found);
    scope.handlers.pop_back();
  }

  Value constant(Symbol jump) {
    const auto found = constants_.find(jump);
    if (found != constants_.end()) return found->second;
    return constants_[jump] = constant_of(terms_, jump, program_.large);
  }

  // The slot, in the current block, of the binder that an index means; captures it where it
  // belongs to an enclosing block.
  std::uint32_t slot_of(std::uint32_t index) {
    const std::uint32_t binder = depth_ - 1 - index;
    std::size_t at = scopes_.size() - 1;
    while (binder < scopes_[at].base && !scopes_[at].captured.contains(binder)) --at;
    for (; at + 1 < scopes_.size(); ++at) {
      const std::uint32_t outer = slot_in(scopes_[at], binder);
      Scope& inner = scopes_[at + 1];
      const std::uint32_t slot = static_cast<std::uint32_t>(inner.captured.size());
      inner.captured[binder] = slot;
      inner.captured_order.push_back(binder);
      Block& block = program_.blocks[inner.block];
      block.captures.push_back(outer);
      block.indices.push_back(inner.base - 1 - binder);
    }
    return slot_in(top(), binder);
  }
  // Captures come first in a frame, but are found while compiling: own slots are marked with the
  // high bit until the block is finished and the number of captures is known.
  static constexpr std::uint32_t kOwn = 1U << 31;
  static std::uint32_t slot_in(const Scope& scope, std::uint32_t binder) {
    if (binder < scope.base) return scope.captured.at(binder);
    return scope.own[binder - scope.base] | kOwn;
  }

  // Whether an exit is a translator's own, which passes on what came from elsewhere.
  std::uint32_t passes_on() const { return terms_.span(current_) == Span{} ? 1 : 0; }

  void leave(Symbol jump) {
    Scope& scope = top();
    const auto found = scope.positions.find(jump);
    if (found == scope.positions.end()) {
      count_all(scope.handlers.size());
      emit(Code::leave, passes_on(), constant(jump), 0);
    } else {
      const std::uint32_t at = found->second.back();
      count_all(scope.handlers.size() - at);
      emit(Code::go, scope.handlers[at].label, jump == kSkip || passes_on() ? 0 : 1, 0);
    }
    scope.reachable = false;
    scope.steps = 0;
  }

  void problem(std::string text) {
    program_.problems.push_back(std::move(text));
    emit(Code::stuck, static_cast<std::uint32_t>(program_.problems.size() - 1), 0, 0);
    top().reachable = false;
    top().steps = 0;
  }

  void step(const Task& task) {
    switch (task.kind) {
      case Task::Kind::term:
        return term(task.term);
      case Task::Kind::end_left:
        remove_handler();
        place(task.label);
        return;
      case Task::Kind::end_loop:
        remove_handler();
        return;
      case Task::Kind::close_binder:
        --depth_;
        top().own.pop_back();
        return;
      case Task::Kind::finish:
        finish();
        return;
      case Task::Kind::finish_push: {
        const std::uint32_t block = top().block;
        finish();
        emit_push(task.label, block);
        tasks_.push_back({Task::Kind::term, task.term, 0});
        return;
      }
    }
  }

  void emit_push(Symbol location, std::uint32_t block) {
    const bool closed = program_.blocks[block].captures.empty();
    const std::uint32_t where = program_.location(location);
    if (closed) {
      emit(where == 0 ? Code::push_constant : Code::push_constant_at, where,
           program_.blocks[block].constant(), 1);
    } else {
      emit(where == 0 ? Code::push_closure : Code::push_closure_at, where, block, 1);
    }
  }

  void term(TermId id) {
    if (!top().reachable) return;
    const Node node = terms_[id];
    current_ = id;
    switch (node.op) {
      case Op::bound:
        emit(Code::execute, 0, with_handler(slot_of(node.label)), 0);
        top().reachable = false;
        return;
      case Op::free:
        return free_name(node.label);
      case Op::jump:
        return leave(node.label);
      case Op::push:
        return push(node);
      case Op::pop:
        return pop(node);
      case Op::join: {
        count(1);
        const std::uint32_t label = fresh_label();
        add_handler(node.label, label);
        tasks_.push_back({Task::Kind::term, node.second, 0});
        tasks_.push_back({Task::Kind::end_left, 0, label});
        tasks_.push_back({Task::Kind::term, node.first, 0});
        return;
      }
      case Op::loop: {
        const std::uint32_t label = fresh_label();
        place(label);
        count(1);
        add_handler(node.label, label);
        tasks_.push_back({Task::Kind::end_loop, 0, 0});
        tasks_.push_back({Task::Kind::term, node.first, 0});
        return;
      }
    }
  }

  // The innermost handler in force beside a slot; kNoHandler in tail position.
  std::uint64_t with_handler(std::uint32_t low) {
    const auto& open = top().handlers;
    const std::uint32_t number = open.empty() ? kNoHandler : open.back().number;
    return low | (std::uint64_t{number} << 32);
  }

  void free_name(Symbol name) {
    if (const Definition* definition = find(name)) {
      emit(Code::call, global(*definition), with_handler(0), 0);
      top().reachable = false;
      return;
    }
    const Primitive* primitive = terms_.primitive(name);
    if (primitive == nullptr) {
      return problem(fmt::format("the name '{}' has no definition", terms_.text(name)));
    }
    const Code code = *primitive <= Primitive::mul ? Code::arithmetic
                      : *primitive >= Primitive::eq && *primitive <= Primitive::gt ? Code::compare
                                                                                   : Code::other;
    emit(code, static_cast<std::uint32_t>(*primitive), with_handler(0), 1);
    leave(kSkip);
  }

  const Definition* find(Symbol name) {
    if (definitions_.empty()) {
      for (const Definition& definition : module_.definitions())
        definitions_.emplace(definition.name, &definition);
    }
    const auto found = definitions_.find(name);
    return found == definitions_.end() ? nullptr : found->second;
  }
  std::uint32_t global(const Definition& definition) {
    const auto found = globals_.find(definition.name);
    if (found != globals_.end()) return found->second;
    return globals_[definition.name] = closed_block(definition.term);
  }

  void push(const Node& node) {
    const std::string& location = terms_.text(node.label);
    if (location == "in" || location == "rnd" || location == "nd") {
      return problem(
          fmt::format("'{}' is a stream to read from; nothing can be pushed on it", location));
    }
    const Node& value = terms_[node.first];
    const std::uint32_t where = program_.location(node.label);
    if (value.op == Op::jump) {
      emit(where == 0 ? Code::push_constant : Code::push_constant_at, where, constant(value.label),
           1);
    } else if (value.op == Op::bound) {
      emit(where == 0 ? Code::push_slot : Code::push_slot_at, where, slot_of(value.label), 1);
    } else if (const Definition* definition = value.op == Op::free ? find(value.label) : nullptr) {
      emit_push(node.label, global(*definition));
    } else {
      tasks_.push_back({Task::Kind::finish_push, node.second, node.label});
      open(new_block(node.first));
      tasks_.push_back({Task::Kind::term, node.first, 0});
      return;
    }
    tasks_.push_back({Task::Kind::term, node.second, 0});
  }

  void pop(const Node& node) {
    const std::string& location = terms_.text(node.label);
    if (location == "out") return problem("'out' is a stream to write to; nothing can be popped");
    Scope& scope = top();
    const std::uint32_t slot = scope.slots++;
    scope.own.push_back(slot);
    ++depth_;
    const bool stream = location == "rnd" || location == "nd";
    const std::uint32_t where = program_.location(node.label);
    emit(stream ? Code::choose : where == 0 ? Code::pop : Code::pop_at, where, slot | kOwn, 1);
    tasks_.push_back({Task::Kind::close_binder, 0, 0});
    tasks_.push_back({Task::Kind::term, node.second, 0});
  }

  // Moves a finished block's code behind the program's, with slots and targets made final.
  void finish() {
    Scope& scope = top();
    Block& block = program_.blocks[scope.block];
    const auto captures = static_cast<std::uint32_t>(block.captures.size());
    block.frame = captures + scope.slots;
    block.entry = static_cast<std::uint32_t>(program_.code.size());
    if (captures > 0) block.closed[0] = 0;
    const auto final_slot = [&](std::uint64_t b) {
      return b & kOwn ? (b & ~std::uint64_t{kOwn}) + captures : b;
    };
    for (Instruction instruction : scope.code) {
      switch (instruction.code) {
        case Code::go:
          instruction.a = block.entry + scope.labels[instruction.a];
          break;
        case Code::push_slot:
        case Code::push_slot_at:
        case Code::pop:
        case Code::pop_at:
        case Code::choose:
        case Code::execute:
          instruction.b = final_slot(instruction.b);
          break;
        case Code::push_closure:
        case Code::push_closure_at:
          for (std::uint32_t& slot : program_.blocks[instruction.b].captures)
            slot = static_cast<std::uint32_t>(final_slot(slot));
          break;
        default:
          break;
      }
      program_.code.push_back(instruction);
    }
    if (scope.reachable) program_.code.push_back({Code::leave, scope.steps, 0, make_jump(kSkip)});
    program_.origins.insert(program_.origins.end(), scope.origins.begin(), scope.origins.end());
    program_.origins.resize(program_.code.size());
    for (const std::uint32_t number : scope.all_handlers) {
      Handler& made = program_.handlers[number];
      made.frame = block.frame;
      made.target = block.entry + scope.labels[made.target];
    }
    fuse(block.entry);
    scopes_.pop_back();
  }

  // compare; go next; pop x; execute x  becomes a branch that does all four.
  void fuse(std::uint32_t from) {
    auto& code = program_.code;
    for (std::uint32_t i = from; i + 2 < code.size(); ++i) {
      if (code[i].code != Code::compare) continue;
      std::uint32_t next = i + 1;
      std::uint32_t steps = 0;
      if (code[next].code == Code::go) {
        steps += code[next].steps;
        next = code[next].a;
      }
      if (next + 1 >= code.size() || code[next].code != Code::pop) continue;
      steps += code[next].steps;
      std::uint32_t run = next + 1;
      if (code[run].code != Code::execute) continue;
      const auto slot = static_cast<std::uint32_t>(code[run].b);
      if (slot != code[next].b || code[run].b >> 32 == kNoHandler) continue;
      if (!add_steps(code[i], steps + code[run].steps)) continue;
      code[i].code = Code::branch;
      code[i].b = code[run].b;
    }
  }

  Terms& terms_;
  const Module& module_;
  Program& program_;
  std::vector<std::uint32_t> queue_;
  std::vector<Task> tasks_;
  std::deque<Scope> scopes_;
  std::uint32_t depth_ = 0;
  TermId current_ = 0;
  std::unordered_map<Symbol, Value> constants_;
  std::unordered_map<Symbol, const Definition*> definitions_;
  std::unordered_map<Symbol, std::uint32_t> globals_;
};

}  // namespace

std::uint32_t Program::location(Symbol name) {
  const auto [place, fresh] =
      location_numbers.try_emplace(name, static_cast<std::uint32_t>(locations.size()));
  if (fresh) locations.push_back(name);
  return place->second;
}

Value constant_of(const Terms& terms, Symbol jump, std::deque<Integer>& large) {
  const std::string& text = terms.text(jump);
  if (!is_integer(text)) return make_jump(jump);
  Integer number = *Integer::parse(text);
  const auto small = number.small();
  if (small && *small >= kSmallMin && *small <= kSmallMax) return make_small(*small);
  large.push_back(std::move(number));
  return (static_cast<Value>(large.size() - 1) << 3) | 4;
}

void compile(Terms& terms, const Module& module, TermId term, const std::vector<TermId>& extra,
             Compiled& out) {
  out.program.location(kMain);
  Compiler compiler(terms, module, out);
  compiler.closed_block(term);
  for (const TermId value : extra) {
    const Node& node = terms[value];
    if (node.op == Op::jump) {
      out.values.push_back(constant_of(terms, node.label, out.program.large));
    } else {
      const std::uint32_t block = compiler.closed_block(value);
      out.values.push_back(out.program.blocks[block].constant());
    }
  }
  compiler.drain();
}

}  // namespace ordo::machine::fmc
