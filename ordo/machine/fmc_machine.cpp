// The machine's state: stacks of values by location, one array of frames, one stack of
// continuations (handler, frame). A call in tail position reuses the frame. Closures live in
// a heap that is copied when full (Cheney), so collection too runs without recursion; slots of the
// frame array beyond the running frame are cleared at each collection, so that whatever a slot
// still holds from an earlier use points to something that exists.
#include "ordo/machine/fmc_machine.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "ordo/machine/fmc_code.h"
#include "ordo/machine/fmc_prim.h"

namespace ordo::machine::fmc {
namespace {

struct Stack {
  std::vector<Value> storage;
  Value* base = nullptr;
  Value* top = nullptr;
  Value* end = nullptr;

  void grow() {
    const auto used = static_cast<std::size_t>(top - base);
    storage.resize(std::max<std::size_t>(64, 2 * storage.size()));
    base = storage.data();
    top = base + used;
    end = base + storage.size();
  }
  void push(Value value) {
    if (top == end) grow();
    *top++ = value;
  }
  bool empty() const { return top == base; }
};

// Words that are written before they are read: a short run touches few of them.
class Area {
 public:
  Area() = default;
  explicit Area(std::size_t size)
      : words_(std::make_unique_for_overwrite<Value[]>(size)), size_(size) {}
  Value* data() const { return words_.get(); }
  std::size_t size() const { return size_; }

 private:
  std::unique_ptr<Value[]> words_;
  std::size_t size_ = 0;
};
constexpr std::size_t kSmallHeap = 1 << 13;  // words; they fit the cache beside their copy

// What running a block needs of it.
struct Entry {
  const Instruction* code;
  const std::uint32_t* captures;
  std::uint32_t capture_count;
  std::uint32_t frame;
};

struct Continuation {
  const Handler* handler;
  std::size_t frame;  // offset of the frame that it returns to
};

class Machine {
 public:
  Machine(Terms& terms, Compiled& compiled, const RunOptions& options, Context& context)
      : terms_(terms),
        program_(compiled.program),
        options_(options),
        context_(context),
        random_(context.random) {
    stacks_.resize(program_.locations.size());
    large_.assign(program_.large.begin(), program_.large.end());
    literals_ = large_.size();
    frames_.resize(1024);
    entries_.reserve(program_.blocks.size());
    for (const Block& block : program_.blocks) {
      entries_.push_back({program_.code.data() + block.entry, block.captures.data(),
                          static_cast<std::uint32_t>(block.captures.size()), block.frame});
    }
    heap_ = Area(kSmallHeap);
    free_ = heap_.data();
    heap_end_ = free_ + heap_.size();
  }

  void load(Symbol location, Value value) { stacks_[program_.location(location)].push(value); }
  RunResult run();

 private:
  static constexpr std::uint64_t kSlice = 1 << 20;  // transitions between looks at the stop token

  void loop();
  bool arithmetic(Primitive p, Value left, Value right, Value& result);
  bool compare(Primitive p, Value left, Value right, bool& result);
  bool other(Primitive p, Symbol& exit);
  bool choose(Value& result);
  Integer integer(Value v) const { return is_small(v) ? Integer(small_of(v)) : large_[v >> 3]; }
  Value make_integer(Integer n);
  bool is_integer_value(Value v) const { return is_small(v) || is_big(v); }
  Closure* allocate(std::uint32_t block, std::uint32_t count);
  void collect(std::size_t wanted);
  void move(Value& value, Value*& next);
  void reserve_frames(std::size_t size) {
    if (size > frames_.size()) frames_.resize(std::max(size, 2 * frames_.size()));
  }
  bool pause();  // at a slice's end: limits and the stop token; true to end the run
  std::uint64_t memory_bytes() const;
  // A transition that cannot be made is not counted, though its instruction already was.
  void refuse(const Instruction* next, std::string reason) {
    result_.steps -= 1 + (is_primitive(next[-1].code) ? next[-1].steps_after() : 0);
    stuck(next, std::move(reason));
  }
  void stuck(const Instruction* next, std::string reason) {
    result_.status = Status::stuck;
    result_.reason = std::move(reason);
    result_.place = place_before(next);
  }
  // Where the instruction before `next` comes from.
  Span place_before(const Instruction* next) const {
    return terms_.span(program_.origins[static_cast<std::size_t>(next - 1 - program_.code.data())]);
  }
  TermId read_back(Value value);
  TermId leaf(Value value);

  Terms& terms_;
  Program& program_;
  const RunOptions& options_;
  Context& context_;
  Random random_;
  RunResult result_;
  std::vector<Entry> entries_;  // by block
  std::vector<Stack> stacks_;
  std::vector<Value> frames_;
  std::vector<Continuation> continuations_;
  Area heap_;
  Value* free_ = nullptr;
  Value* heap_end_ = nullptr;
  std::deque<Integer> large_;  // large integers by number; the literals first
  std::size_t literals_ = 0;
  std::size_t large_bytes_ = 0;       // since the last collection
  std::vector<std::uint64_t> spare_;  // numbers free again
  std::vector<bool> marked_;
  std::size_t frame_top_ = 0;  // end of the running frame, for the collector
  std::size_t next_choice_ = 0;
  std::uint64_t next_pause_ = 0;
  std::unordered_map<const Closure*, TermId> read_;
};

std::uint64_t Machine::memory_bytes() const {
  std::uint64_t words = heap_.size() + frames_.size() + 2 * continuations_.capacity();
  for (const Stack& stack : stacks_) words += stack.storage.size();
  return 8 * words;
}

bool Machine::pause() {
  context_.check_stop();
  if (result_.steps >= options_.limits.steps()) {
    result_.status = Status::limit;
    result_.reason = to_string(Limit::steps);
    return true;
  }
  if (memory_bytes() > options_.limits.memory_bytes()) {
    result_.status = Status::limit;
    result_.reason = to_string(Limit::memory);
    return true;
  }
  next_pause_ = std::min(options_.limits.steps(), result_.steps + kSlice);
  return false;
}

// ---- values ----

Value Machine::make_integer(Integer n) {
  const auto small = n.small();
  if (small && *small >= kSmallMin && *small <= kSmallMax) return make_small(*small);
  large_bytes_ += n.size() + 64;
  std::uint64_t number = large_.size();
  if (spare_.empty()) {
    large_.push_back(std::move(n));
  } else {
    number = spare_.back();
    spare_.pop_back();
    large_[number] = std::move(n);
  }
  return (number << 3) | 4;
}

bool Machine::arithmetic(Primitive p, Value left, Value right, Value& result) {
  if (!is_integer_value(left) || !is_integer_value(right)) return false;
  const Integer a = integer(left), b = integer(right);
  result = make_integer(p == Primitive::add ? a + b : p == Primitive::sub ? a - b : a * b);
  return true;
}

bool Machine::compare(Primitive p, Value left, Value right, bool& result) {
  if (is_integer_value(left) && is_integer_value(right)) {
    const auto order = integer(left) <=> integer(right);
    result = p == Primitive::eq   ? order == 0
             : p == Primitive::lt ? order < 0
             : p == Primitive::le ? order <= 0
             : p == Primitive::gt ? order > 0
                                  : order >= 0;
    return true;
  }
  const bool strings = is_jump(left) && is_jump(right) && is_string(terms_.text(jump_of(left))) &&
                       is_string(terms_.text(jump_of(right)));
  result = left == right;
  return strings && p == Primitive::eq;
}

// div, mod, cat, len, show. False: stuck, with the operands left where they were. `exit` becomes
// DivZero where that is the way out.
bool Machine::other(Primitive p, Symbol& exit) {
  Stack& stack = stacks_[0];
  const auto ready = stack.top - stack.base;
  if (ready < arity(p)) return false;
  const Value left = stack.top[-1];
  const Value right = arity(p) == 2 ? stack.top[-2] : 0;
  const auto string = [&](Value v) { return is_jump(v) && is_string(terms_.text(jump_of(v))); };
  Value result = 0;
  if (p == Primitive::div || p == Primitive::mod) {
    if (!is_integer_value(left) || !is_integer_value(right)) return false;
    const Integer a = integer(left), b = integer(right);
    if (b.is_zero()) {
      stack.top -= 2;
      exit = terms_.division_by_zero();
      return true;
    }
    result = make_integer(p == Primitive::div ? floor_div(a, b) : floor_mod(a, b));
  } else if (p == Primitive::cat) {
    if (!string(left) || !string(right)) return false;
    result = make_jump(terms_.intern(
        quote(string_value(terms_, jump_of(left)) + string_value(terms_, jump_of(right)))));
  } else if (p == Primitive::len) {
    if (!string(left)) return false;
    const std::string text = string_value(terms_, jump_of(left));
    result = make_small(std::count_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
  } else {
    if (is_closure(left)) return false;
    const std::string text = is_jump(left) ? terms_.text(jump_of(left)) : integer(left).to_string();
    result = make_jump(terms_.intern(quote(text)));
  }
  stack.top -= arity(p);
  stack.push(result);
  return true;
}

bool Machine::choose(Value& result) {
  bool chosen = false;
  if (next_choice_ < options_.choices.size()) {
    chosen = options_.choices[next_choice_];
  } else if (options_.stop_after_choices) {
    result_.wants_choice = true;
    return false;
  } else {
    chosen = random_.next32() & 1;
  }
  ++next_choice_;
  result = make_jump(chosen ? terms_.true_jump() : terms_.false_jump());
  return true;
}

// ---- the heap ----

Closure* Machine::allocate(std::uint32_t block, std::uint32_t count) {
  const std::size_t words = 1 + std::size_t{count};
  if (static_cast<std::size_t>(heap_end_ - free_) < words || large_bytes_ > (1U << 26)) {
    collect(words);
  }
  auto* closure = reinterpret_cast<Closure*>(free_);
  free_ += words;
  closure->header = (std::uint64_t{block} << 32) | (std::uint64_t{count} << 2);
  return closure;
}

void Machine::move(Value& value, Value*& next) {
  if (is_big(value)) marked_[value >> 3] = true;
  if (!is_closure(value) || value == 0) return;
  auto* closure = reinterpret_cast<Closure*>(value);
  if (closure->header & 1) {
    value = closure->header & ~Value{1};
    return;
  }
  if (closure->is_permanent()) return;
  const std::size_t words = 1 + std::size_t{closure->count()};
  std::copy_n(reinterpret_cast<Value*>(closure), words, next);
  value = reinterpret_cast<Value>(next);
  closure->header = value | 1;
  next += words;
}

void Machine::collect(std::size_t wanted) {
  const auto used = static_cast<std::size_t>(free_ - heap_.data());
  Area to(used + wanted + 1);
  Value* next = to.data();
  marked_.assign(large_.size(), false);
  for (std::size_t i = 0; i < frame_top_; ++i) move(frames_[i], next);
  std::fill(frames_.begin() + static_cast<std::ptrdiff_t>(frame_top_), frames_.end(), 1);
  for (Stack& stack : stacks_) {
    for (Value* v = stack.base; v != stack.top; ++v) move(*v, next);
  }
  for (Value* scan = to.data(); scan != next;) {
    auto* closure = reinterpret_cast<Closure*>(scan);
    for (std::uint32_t i = 0; i < closure->count(); ++i) move(closure->values()[i], next);
    scan += 1 + closure->count();
  }
  // Room for as much again as survived; the copy keeps addresses, so it is grown by moving once
  // more only when the survivors nearly fill it.
  const auto live = static_cast<std::size_t>(next - to.data());
  const std::size_t room = std::max(kSmallHeap, 3 * live + wanted);
  if (room > to.size()) {
    Area larger(room);
    const auto shift = reinterpret_cast<Value>(larger.data()) - reinterpret_cast<Value>(to.data());
    const Value low = reinterpret_cast<Value>(to.data());
    const Value high = reinterpret_cast<Value>(next);
    const auto adjust = [&](Value& v) {
      if (is_closure(v) && v >= low && v < high) v += shift;
    };
    std::copy(to.data(), next, larger.data());
    for (Value* scan = larger.data(); scan != larger.data() + live;) {
      auto* closure = reinterpret_cast<Closure*>(scan);
      for (std::uint32_t i = 0; i < closure->count(); ++i) adjust(closure->values()[i]);
      scan += 1 + closure->count();
    }
    for (std::size_t i = 0; i < frame_top_; ++i) adjust(frames_[i]);
    for (Stack& stack : stacks_) {
      for (Value* v = stack.base; v != stack.top; ++v) adjust(*v);
    }
    to = std::move(larger);
  }
  heap_ = std::move(to);
  free_ = heap_.data() + live;
  heap_end_ = heap_.data() + heap_.size();
  spare_.clear();
  for (std::size_t i = literals_; i < large_.size(); ++i) {
    if (marked_[i]) continue;
    large_[i] = Integer();
    spare_.push_back(i);
  }
  large_bytes_ = 0;
  if (memory_bytes() > options_.limits.memory_bytes()) next_pause_ = 0;
}

// ---- the transitions ----

void Machine::loop() {
  const Instruction* code = program_.code.data();
  const Instruction* at = code + program_.blocks[0].entry;
  const Entry* const entries = entries_.data();
  Stack* const stacks = stacks_.data();
  Stack& main = stacks[0];
  std::size_t frame = 0;  // offset of the running frame
  std::uint32_t frame_size = program_.blocks[0].frame;
  reserve_frames(frame_size);
  Value* slots = frames_.data();
  Value jump = 0;  // the exit under way
  const Value yes = make_jump(terms_.true_jump()), no = make_jump(terms_.false_jump());
  const Handler* handler = nullptr;
  const Instruction* raised = at + 1;  // behind the instruction that made the exit under way

  const auto handler_of = [&](const Instruction& i) -> const Handler* {
    const auto number = static_cast<std::uint32_t>(i.b >> 32);
    return number == kNoHandler ? nullptr : &program_.handlers[number];
  };

  while (true) {
    const Instruction& i = *at++;
    result_.steps += i.steps;
    switch (i.code) {
      case Code::push_constant:
        main.push(i.b);
        continue;
      case Code::push_slot:
        main.push(slots[i.b]);
        continue;
      case Code::push_constant_at:
        stacks[i.a].push(i.b);
        continue;
      case Code::push_slot_at:
        stacks[i.a].push(slots[i.b]);
        continue;
      case Code::push_closure:
      case Code::push_closure_at: {
        const Entry& block = entries[i.b];
        const std::uint32_t count = block.capture_count;
        frame_top_ = frame + frame_size;
        Closure* closure = allocate(static_cast<std::uint32_t>(i.b), count);
        for (std::uint32_t k = 0; k < count; ++k) closure->values()[k] = slots[block.captures[k]];
        stacks[i.a].push(reinterpret_cast<Value>(closure));
        continue;
      }
      case Code::pop:
        if (main.empty()) return refuse(at, "pop from the empty main stack");
        slots[i.b] = *--main.top;
        continue;
      case Code::pop_at: {
        Stack& stack = stacks[i.a];
        if (stack.empty()) {
          return refuse(at, fmt::format("pop from the empty stack '{}'",
                                        terms_.text(program_.locations[i.a])));
        }
        slots[i.b] = *--stack.top;
        continue;
      }
      case Code::choose:
        if (!choose(slots[i.b])) {
          --result_.steps;
          return;
        }
        continue;
      case Code::arithmetic: {
        if (main.top - main.base < 2) return refuse(at, "an operation needs two numbers");
        const Value left = main.top[-1], right = main.top[-2];
        std::int64_t sum = 0;
        bool fits = is_small(left) && is_small(right);
        const auto a = static_cast<std::int64_t>(left), b = static_cast<std::int64_t>(right);
        // Twice the numbers are added, so that overflow of 64 bits is overflow of 63.
        if (i.primitive() == Primitive::add)
          fits = fits && !__builtin_add_overflow(a - 1, b, &sum);
        else if (i.primitive() == Primitive::sub)
          fits = fits && !__builtin_sub_overflow(a, b - 1, &sum);
        else
          fits = fits && !__builtin_mul_overflow(a - 1, b >> 1, &sum) && (sum |= 1, true);
        Value result = static_cast<Value>(sum);
        if (!fits && !arithmetic(i.primitive(), left, right, result)) {
          return refuse(at, "an operation on numbers met something that is no number");
        }
        --main.top;
        main.top[-1] = result;
        continue;
      }
      case Code::compare:
      case Code::branch: {
        if (main.top - main.base < 2) return refuse(at, "a comparison needs two values");
        const Value left = main.top[-1], right = main.top[-2];
        bool holds = false;
        if (is_small(left) && is_small(right)) {
          const auto a = static_cast<std::int64_t>(left), b = static_cast<std::int64_t>(right);
          switch (i.primitive()) {
            case Primitive::eq:
              holds = a == b;
              break;
            case Primitive::lt:
              holds = a < b;
              break;
            case Primitive::le:
              holds = a <= b;
              break;
            default:
              holds = a > b;
          }
        } else if (!compare(i.primitive(), left, right, holds)) {
          return refuse(at, "a comparison met values that cannot be compared");
        }
        main.top -= 2;
        if (i.code == Code::compare) {
          main.push(holds ? yes : no);
          continue;
        }
        jump = slots[static_cast<std::uint32_t>(i.b)] = holds ? yes : no;
        handler = handler_of(i);
        goto leave;
      }
      case Code::other: {
        Symbol exit = kSkip;
        const auto p = i.primitive();
        if (!other(p, exit))
          return refuse(at, "an operation met operands of another kind, or too few");
        if (exit == kSkip) continue;
        result_.steps -= i.steps_after();
        jump = make_jump(exit);
        handler = handler_of(i);
        raised = at;
        goto leave;
      }
      case Code::go: {
        const Instruction* target = code + i.a;
        if (i.b != 0) raised = at;
        if (target < at && result_.steps >= next_pause_ && pause()) return;
        at = target;
        continue;
      }
      case Code::execute: {
        const Value value = slots[static_cast<std::uint32_t>(i.b)];
        handler = handler_of(i);
        if (!is_closure(value)) {
          jump = value;
          raised = at;
          goto leave;
        }
        if (result_.steps >= next_pause_ && pause()) return;
        if (handler != nullptr) {
          continuations_.push_back({handler, frame});
          frame += frame_size;
        }
        const auto* closure = reinterpret_cast<const Closure*>(value);
        const Entry& block = entries[closure->block()];
        frame_size = block.frame;
        reserve_frames(frame + frame_size);
        slots = frames_.data() + frame;
        const std::uint32_t count = closure->count();
        for (std::uint32_t k = 0; k < count; ++k) slots[k] = closure->values()[k];
        at = block.code;
        continue;
      }
      case Code::call: {
        if (result_.steps >= next_pause_ && pause()) return;
        handler = handler_of(i);
        if (handler != nullptr) {
          continuations_.push_back({handler, frame});
          frame += frame_size;
        }
        const Entry& block = entries[i.a];
        frame_size = block.frame;
        reserve_frames(frame + frame_size);
        slots = frames_.data() + frame;
        at = block.code;
        continue;
      }
      case Code::leave:
        jump = i.b;
        handler = nullptr;
        if (i.a == 0) raised = at;
        goto leave;
      case Code::stuck:
        return stuck(at, program_.problems[i.a]);
    }

  leave:
    // `handler` is the innermost one of the running block at this place, or nothing.
    if (is_big(jump)) jump = make_jump(terms_.intern(integer(jump).to_string()));
    while (true) {
      for (; handler != nullptr; handler = handler->outer) {
        ++result_.steps;
        if (handler->jump == jump) break;
      }
      if (handler != nullptr) {
        at = code + handler->target;
        if (result_.steps >= next_pause_ && pause()) return;
        break;
      }
      if (continuations_.empty()) {
        result_.place = place_before(raised);
        result_.exit =
            is_small(jump) ? terms_.intern(std::to_string(small_of(jump))) : jump_of(jump);
        return;
      }
      handler = continuations_.back().handler;
      frame = continuations_.back().frame;
      frame_size = handler->frame;
      slots = frames_.data() + frame;
      continuations_.pop_back();
    }
  }
}

// ---- results ----

TermId Machine::leaf(Value value) {
  if (is_jump(value)) return terms_.jump(jump_of(value));
  if (!is_closure(value)) return terms_.jump(terms_.intern(integer(value).to_string()));
  return read_.at(reinterpret_cast<const Closure*>(value));
}

// The term that a value stands for: captured values are put in for the variables, innermost
// closures first.
TermId Machine::read_back(Value value) {
  std::vector<const Closure*> todo;
  const auto want = [&](Value v) {
    if (is_closure(v) && !read_.contains(reinterpret_cast<const Closure*>(v)))
      todo.push_back(reinterpret_cast<const Closure*>(v));
  };
  want(value);
  while (!todo.empty()) {
    const Closure* closure = todo.back();
    const std::size_t before = todo.size();
    for (std::uint32_t k = 0; k < closure->count(); ++k) want(closure->values()[k]);
    if (todo.size() > before) continue;
    todo.pop_back();
    const Block& block = program_.blocks[closure->block()];
    std::uint32_t most = 0;
    for (const std::uint32_t index : block.indices) most = std::max(most, index + 1);
    std::vector<TermId> values(closure->count() == 0 ? 0 : most, terms_.skip());
    for (std::uint32_t k = 0; k < closure->count(); ++k)
      values[block.indices[k]] = leaf(closure->values()[k]);
    read_[closure] = terms_.instantiate(block.term, values);
  }
  return leaf(value);
}

RunResult Machine::run() {
  // The stop is looked at first after a slice, so that a short run pays nothing for it.
  next_pause_ = std::min(options_.limits.steps(), kSlice);
  loop();
  for (std::size_t i = 0; i < stacks_.size(); ++i) {
    if (stacks_[i].empty()) continue;
    MemoryEntry entry{program_.locations[i], {}};
    for (Value* v = stacks_[i].base; v != stacks_[i].top; ++v)
      entry.values.push_back(read_back(*v));
    result_.memory.push_back(std::move(entry));
  }
  sort_memory(terms_, result_.memory);
  return std::move(result_);
}

}  // namespace

RunResult run(Terms& terms, const Module& module, TermId term, const MemoryText& memory,
              const RunOptions& options, Context& context) {
  Compiled compiled;
  std::vector<TermId> values;
  compiled.program.location(kMain);
  for (const MemoryEntry& entry : memory) {
    compiled.program.location(entry.location);
    values.insert(values.end(), entry.values.begin(), entry.values.end());
  }
  compile(terms, module, term, values, compiled);
  Machine machine(terms, compiled, options, context);
  std::size_t next = 0;
  for (const MemoryEntry& entry : memory) {
    for (std::size_t k = 0; k < entry.values.size(); ++k)
      machine.load(entry.location, compiled.values[next++]);
  }
  return machine.run();
}

void sort_memory(const Terms& terms, MemoryText& memory) {
  std::sort(memory.begin(), memory.end(), [&](const MemoryEntry& a, const MemoryEntry& b) {
    return terms.text(a.location) < terms.text(b.location);
  });
}

std::string print_memory(const Terms& terms, const MemoryText& memory, std::size_t limit) {
  std::string text;
  for (const MemoryEntry& entry : memory) {
    if (!text.empty()) text += "; ";
    text += entry.location == kMain ? "main:" : terms.text(entry.location) + ":";
    for (const TermId value : entry.values) {
      const bool literal = terms[value].op == Op::jump && value != terms.skip();
      const std::string shown = print(terms, value, limit);
      text += literal ? " " + shown : " [" + (value == terms.skip() ? "" : shown) + "]";
    }
  }
  return text;
}

}  // namespace ordo::machine::fmc
