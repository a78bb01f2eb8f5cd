// The loop over instructions. What it needs at every one of them it keeps in local variables, which
// stores to the heap cannot change; `top_` and the counters are put back where others look at them.
#include "ordo/machine/rmc_general.h"

namespace ordo::machine::rmc {

// What a table says about a value.
KeyTable::Range GeneralMachine::fitting(const KeyTable& table, Word value) {
  const Word tag = word::tag(value);
  if (tag == word::kReference) return table.unbound;
  const KeyTable::Entry* const entry =
      table.find(tag == word::kStructure ? *word::address(value) : value);
  return entry == nullptr ? table.other : entry->range;
}

KeyTable::Range GeneralMachine::fitting(const Dispatch& dispatch) const {
  if (!dispatch.indexed) return dispatch.all;
  const Word stack = stacks_[dispatch.stack];
  if (stack == 0) return dispatch.empty;
  const Word item = deref(*reinterpret_cast<const Word*>(stack));
  if (word::tag(item) != word::kStructure) return fitting(dispatch.table, item);
  const Word* const header = word::address(item);
  const KeyTable::Entry* const entry = dispatch.table.find(*header);
  if (entry == nullptr) return dispatch.table.other;
  if (entry->inner < 0) return entry->range;
  const KeyTable& inner = dispatch.inner[static_cast<std::size_t>(entry->inner)];
  return fitting(inner, deref(header[1 + inner.argument]));
}

KeyTable::Range GeneralMachine::fitting(const Goal& goal, const Dispatch& dispatch) const {
  if (goal.inner < 0) return goal.range;
  const KeyTable& inner = dispatch.inner[static_cast<std::size_t>(goal.inner)];
  return fitting(inner, deref(goal_[inner.argument]));
}

// Pushes a goal as any other item is pushed.
Word* GeneralMachine::push_goal(const Goal& goal, Word* top) {
  save_stack(goal.stack);
  const std::uint32_t arity = word::arity(goal.header);
  Word* const header = top;
  *top++ = goal.header;
  for (std::uint32_t i = 0; i < arity; ++i) *top++ = goal_[i];
  top[0] = word::structure(header);
  top[1] = stacks_[goal.stack];
  stacks_[goal.stack] = reinterpret_cast<Word>(top);
  return top + 2;
}

bool GeneralMachine::execute() {
  const Instruction* const code = code_.code.data();
  const Instruction* pc = code + at_;
  Word* const registers = registers_.data();
  Word* top = top_;
  Word* s = nullptr;        // the cell that the next token reads or writes
  Word* binding = nullptr;  // while building below a variable: its cell
  bool building = false;
  std::size_t open = 0;
  Word assigned = 0;
  std::uint64_t steps = counts_.run.steps;
  const auto new_cell = [&top] {
    *top = word::reference(top);
    return word::reference(top++);
  };
  const auto would_loop = [&](Word value) {
    return binding != nullptr && occurs_check_ && word::tag(value) != word::kConstant &&
           occurs(binding, value);
  };
  const auto outer = [&](const Instruction& i) {
    const Word* frame = frame_;
    for (Word hops = i.w; hops > 0; --hops) frame = reinterpret_cast<const Word*>(frame[1]);
    return frame[2 + i.a];
  };
  while (true) {
    const Instruction& i = *pc++;
    switch (i.code) {
      case Code::push: {
        ++steps;
        save_stack(i.a);
        s = top;
        top += 2;
        s[1] = stacks_[i.a];
        stacks_[i.a] = reinterpret_cast<Word>(s);
        continue;
      }
      case Code::pop: {
        ++steps;
        Word* const pair = reinterpret_cast<Word*>(stacks_[i.a]);
        if (pair == nullptr) break;
        save_stack(i.a);
        stacks_[i.a] = pair[1];
        s = pair;
        building = false;
        binding = nullptr;
        continue;
      }
      case Code::assign:
        ++steps;
        s = &assigned;
        continue;
      case Code::match:
        s = &assigned;
        building = false;
        binding = nullptr;
        continue;
      case Code::solve:
        if (!solve(assigned)) break;
        continue;
      case Code::goal:
        ++steps;
        s = goal_.data();
        continue;

      case Code::put_constant:
        *s++ = i.w;
        continue;
      case Code::put_first:
        *s++ = registers[i.a] = new_cell();
        continue;
      case Code::put_first_here:
        *s = registers[i.a] = word::reference(s);
        ++s;
        continue;
      case Code::put_value:
        *s++ = registers[i.a];
        continue;
      case Code::put_outer:
        *s++ = outer(i);
        continue;
      case Code::put_void:
        *s++ = new_cell();
        continue;
      case Code::put_void_here:
        *s = word::reference(s);
        ++s;
        continue;
      case Code::put_structure:
        open_[open++].at = s + 1;
        [[fallthrough]];
      case Code::put_last_structure:
        *s = word::structure(top);
        *top = i.w;
        s = top + 1;
        top += 1 + word::arity(i.w);
        continue;
      case Code::put_up:
        s = open_[--open].at;
        continue;

      case Code::get_constant: {
        if (building) {
          *s++ = i.w;
          continue;
        }
        const Word value = deref(*s++);
        if (value == i.w) continue;
        if (word::tag(value) != word::kReference) break;
        bind(word::address(value), i.w);
        continue;
      }
      case Code::get_ground:
        if (building) {
          *s++ = i.w;
          continue;
        }
        if (!unify(*s++, i.w)) break;
        continue;
      case Code::get_first:
        if (building) *s = word::reference(s);
        registers[i.a] = *s++;
        continue;
      case Code::get_value:
      case Code::get_outer: {
        const Word value = i.code == Code::get_value ? registers[i.a] : outer(i);
        if (building) {
          if (would_loop(value)) break;
          *s++ = value;
          continue;
        }
        if (!unify(value, *s++)) break;
        continue;
      }
      case Code::get_void:
        if (building) *s = word::reference(s);
        ++s;
        continue;
      case Code::get_structure:
        open_[open++] = {s + 1, binding, building};
        [[fallthrough]];
      case Code::get_last_structure: {
        if (!building) {
          const Word value = deref(*s);
          if (word::tag(value) == word::kStructure) {
            Word* const header = word::address(value);
            if (*header != i.w) break;
            s = header + 1;
            continue;
          }
          if (word::tag(value) != word::kReference) break;
          building = true;
          binding = word::address(value);
          bind(binding, word::structure(top));
        } else {
          *s = word::structure(top);
        }
        *top = i.w;
        s = top + 1;
        top += 1 + word::arity(i.w);
        continue;
      }
      case Code::get_up: {
        const Open& up = open_[--open];
        s = up.at;
        binding = up.binding;
        building = up.building;
        continue;
      }

      case Code::execute: {
        const Goal& goal = code_.goals[i.a];
        if (!goal.indexed || !direct_ || steps >= next_poll_ || top >= soft_end_) {
          top = push_goal(goal, top);
          pc = code + goal.choose;
          continue;
        }
        ++steps;
        const Dispatch& dispatch = code_.dispatches[goal.dispatch];
        const KeyTable::Range range = fitting(goal, dispatch);
        if (range.begin == range.end) break;
        const Alternative* const first = dispatch.lists.data() + range.begin;
        const bool others = range.end - range.begin > 1;
        const Word below = stacks_[goal.stack];
        if (others || first->direct == 0) top = push_goal(goal, top);
        if (others) add_choice(first + 1, dispatch.lists.data() + range.end, top, steps);
        if (!enter(*first)) break;
        if (first->direct == 0) {
          pc = code + at_;
          continue;
        }
        if (others) {
          save_stack(goal.stack);
          stacks_[goal.stack] = below;
        }
        ++steps;
        pc = code + first->direct;
        s = goal_.data();
        building = false;
        binding = nullptr;
        continue;
      }
      case Code::choose: {
        ++steps;
        counts_.run.steps = steps;
        top_ = top;
        const auto here = static_cast<std::uint32_t>(&i - code);
        if (steps >= next_poll_) {
          const Polled polled = poll(here);
          if (polled == Polled::ended) return false;
          if (polled == Polled::moved) {
            top = top_;
            pc = code + at_;
            continue;
          }
        }
        if (top_ >= soft_end_) {
          collect();
          top = top_;
          if (held_bytes() > options_.limits.memory_bytes()) {
            limit_ = Limit::memory;
            return false;
          }
        }
        const Dispatch& dispatch = code_.dispatches[i.a];
        if (dispatch.star && options_.star == StarMode::set && seen_before(here)) break;
        const KeyTable::Range range = fitting(dispatch);
        if (range.begin == range.end) break;
        const Alternative* const first = dispatch.lists.data() + range.begin;
        if (range.end - range.begin > 1) {
          add_choice(first + 1, dispatch.lists.data() + range.end, top, steps);
        }
        if (!enter(*first)) break;
        if (options_.search == Search::bfs && (!choices_.empty() || !queue_.empty())) {
          cut(at_);
          if (!next_job()) return false;
          top = top_;
        }
        pc = code + at_;
        continue;
      }
      case Code::jump:
        pc = code + i.a;
        continue;
      case Code::frame: {
        Word* const frame = top;
        top += 2 + i.a;
        frame[0] = word::header(0, i.a);
        frame[1] = reinterpret_cast<Word>(frame_);
        for (std::uint32_t k = 0; k < i.a; ++k) frame[2 + k] = new_cell();
        frame_ = frame;
        continue;
      }
      case Code::unframe:
        frame_ = reinterpret_cast<Word*>(frame_[1]);
        continue;
      case Code::call: {
        ++steps;
        if (top >= soft_end_) {
          top_ = top;
          collect();
          top = top_;
        }
        Word* const point = top;
        top += 3;
        point[0] = static_cast<Word>(pc - code) << 3 | word::kHeader;
        point[1] = reinterpret_cast<Word>(frame_);
        point[2] = reinterpret_cast<Word>(returns_);
        returns_ = point;
        frame_ = nullptr;
        pc = code + i.a;
        continue;
      }
      case Code::leave:
        pc = code + (returns_[0] >> 3);
        frame_ = reinterpret_cast<Word*>(returns_[1]);
        returns_ = reinterpret_cast<Word*>(returns_[2]);
        continue;
      case Code::stop:
        counts_.run.steps = steps;
        top_ = top;
        if (options_.search == Search::iddfs && !first_round_ && unfoldings_ <= reported_bound_) {
          break;
        }
        at_answer_ = true;
        return true;
      case Code::fail:
        break;
    }
    // What was tried fails.
    counts_.run.steps = steps;
    open = 0;
    if (!backtrack()) return false;
    top = top_;
    pc = code + at_;
  }
}

}  // namespace ordo::machine::rmc
