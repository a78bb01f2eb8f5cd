// The walk keeps a zipper: the focus and the path above it. A contraction can make a redex at most
// two nodes above, so the walk goes two nodes up and on from there; nodes known to be normal are
// marked and never entered again. Nothing recurses.
//
// Eta depends on what is below: it is looked for on the spine alone, once nothing else applies,
// since only there it is known what the stacks hold.
#include "ordo/machine/fmc_reduce.h"

#include <unordered_map>

#include "ordo/machine/fmc_prim.h"

namespace ordo::machine::fmc {
namespace {

constexpr std::array<std::string_view, kRules> kNames{
    "none", "beta", "pi", "select", "reject", "push", "pop", "assoc", "delta", "unroll", "eta"};

Contraction contract_push(Terms& terms, TermId id) {
  const Node node = terms[id];
  const Node rest = terms[node.second];
  if (rest.op == Op::pop) {
    if (rest.label == node.label)
      return {Rule::beta, terms.instantiate(rest.second, std::span(&node.first, 1))};
    const TermId inner = terms.push(terms.shift(node.first, 1), node.label, rest.second);
    return {Rule::pi, terms.pop(rest.label, rest.first, inner)};
  }
  if (node.label != kMain) return {};
  // [b].[a].op or [a].op, alone or followed by more
  const auto literal = [&](TermId value) {
    return terms[value].op == Op::jump ? terms[value].label : kSkip;
  };
  const bool second_push = rest.op == Op::push && rest.label == kMain;
  const TermId after = second_push ? rest.second : node.second;
  const Node head = terms[after];
  const bool joined = head.op == Op::join && head.label == kSkip;
  const Node operation = joined ? terms[head.first] : head;
  if (operation.op != Op::free) return {};
  const Primitive* primitive = terms.primitive(operation.label);
  if (primitive == nullptr || arity(*primitive) != (second_push ? 2 : 1)) return {};
  const Delta delta = apply(terms, *primitive, literal(second_push ? rest.first : node.first),
                            second_push ? literal(node.first) : kSkip);
  if (!delta.defined) return {};
  const TermId more = joined ? head.second : terms.skip();
  if (delta.exit != kSkip) return {Rule::delta, terms.jump(delta.exit)};
  return {Rule::delta, terms.push(terms.jump(delta.value), kMain, more)};
}

Contraction contract_join(Terms& terms, TermId id) {
  const Node node = terms[id];
  const Node left = terms[node.first];
  switch (left.op) {
    case Op::jump:
      return left.label == node.label ? Contraction{Rule::select, node.second}
                                      : Contraction{Rule::reject, node.first};
    case Op::push:
      return {Rule::push,
              terms.push(left.first, left.label, terms.join(left.second, node.label, node.second))};
    case Op::pop: {
      const TermId inner = terms.join(left.second, node.label, terms.shift(node.second, 1));
      return {Rule::pop, terms.pop(left.label, left.first, inner)};
    }
    case Op::join:
      if (left.label != node.label) return {};
      return {Rule::assoc,
              terms.join(left.first, left.label, terms.join(left.second, node.label, node.second))};
    default:
      return {};
  }
}

// The children in the order in which the walk enters them.
int children(const Node& node, std::array<TermId, 2>& child) {
  switch (node.op) {
    case Op::push:
      child = {node.second, node.first};
      return 2;
    case Op::pop:
      child = {node.second, 0};
      return 1;
    case Op::join:
      child = {node.first, node.second};
      return 2;
    case Op::loop:
      child = {node.first, 0};
      return 1;
    default:
      return 0;
  }
}

TermId with_child(Terms& terms, TermId id, int which, TermId child) {
  const Node node = terms[id];
  switch (node.op) {
    case Op::push:
      return which == 0 ? (child == node.second ? id : terms.push(node.first, node.label, child))
                        : (child == node.first ? id : terms.push(child, node.label, node.second));
    case Op::pop:
      return child == node.second ? id : terms.pop(node.label, node.first, child);
    case Op::join:
      return which == 0 ? (child == node.first ? id : terms.join(child, node.label, node.second))
                        : (child == node.second ? id : terms.join(node.first, node.label, child));
    default:
      return child == node.first ? id : terms.loop(child, node.label);
  }
}

bool mentions(const Terms& terms, TermId term, std::uint32_t index) {
  std::vector<std::pair<TermId, std::uint32_t>> todo{{term, index}};
  while (!todo.empty()) {
    const auto [id, wanted] = todo.back();
    todo.pop_back();
    const Node& node = terms[id];
    if (node.max_free <= wanted) continue;
    if (node.op == Op::bound && node.label == wanted) return true;
    std::array<TermId, 2> child{};
    const int count = children(node, child);
    for (int k = 0; k < count; ++k)
      todo.emplace_back(child[static_cast<std::size_t>(k)],
                        wanted + (node.op == Op::pop ? 1U : 0U));
  }
  return false;
}

// a<x>.P[x]a.M => P.M where P, pushes and pops of other stacks, does not mention x either: the rule
// pi moves such a P in between.
Contraction contract_eta(Terms& terms, TermId id) {
  const Node pop = terms[id];
  if (pop.op != Op::pop) return {};
  std::vector<TermId> between;
  std::uint32_t x = 0;
  TermId at = pop.second;
  while ((terms[at].op == Op::push || terms[at].op == Op::pop) && terms[at].label != pop.label) {
    if (terms[at].op == Op::push && mentions(terms, terms[at].first, x)) return {};
    if (terms[at].op == Op::pop) ++x;
    between.push_back(at);
    at = terms[at].second;
  }
  const Node push = terms[at];
  if (push.op != Op::push || push.label != pop.label) return {};
  const Node value = terms[push.first];
  if (value.op != Op::bound || value.label != x || mentions(terms, push.second, x)) return {};
  TermId rest = push.second;
  for (; !between.empty(); between.pop_back()) rest = with_child(terms, between.back(), 0, rest);
  const TermId unused = terms.skip();
  return {Rule::eta, terms.instantiate(rest, std::span(&unused, 1))};
}

class Reducer {
 public:
  Reducer(Terms& terms, const ReduceOptions& options, Context& context)
      : terms_(terms), options_(options), context_(context), random_(context.random) {}

  ReduceResult run(TermId term) {
    focus_ = term;
    for (std::uint64_t i = 0; i < options_.unroll && unroll_first(); ++i) {
    }
    do {
      if (options_.strategy == Strategy::random)
        walk_at_random();
      else if (options_.strategy == Strategy::parallel)
        walk_in_rounds();
      else
        walk();
    } while (options_.eta && result_.normal && contract_eta_on_spine());
    result_.term = focus_;
    return std::move(result_);
  }

 private:
  struct Frame {
    TermId node;
    int child;
  };

  bool normal(TermId id) const { return id < normal_.size() && normal_[id]; }
  void mark_normal(TermId id) {
    if (normal_.size() <= id) normal_.resize(std::max<std::size_t>(id + 1, terms_.size()));
    normal_[id] = true;
  }
  bool out_of_budget() {
    if ((result_.steps & 1023) == 0) context_.check_stop();
    if (result_.steps < options_.max_steps &&
        (terms_.size() * sizeof(Node)) >> 20 < options_.max_memory) {
      return false;
    }
    result_.normal = false;
    return true;
  }
  void record(Rule rule, TermId redex, TermId made) {
    ++result_.steps;
    ++result_.counts[static_cast<std::size_t>(rule)];
    if (options_.log) result_.log.push_back({rule, redex, made});
  }
  void up() {
    const Frame frame = path_.back();
    path_.pop_back();
    focus_ = with_child(terms_, frame.node, frame.child, focus_);
  }
  void all_the_way_up() {
    while (!path_.empty()) up();
  }
  bool contract_here() {
    const Contraction made = contract(terms_, focus_);
    if (made.rule == Rule::none) return false;
    record(made.rule, focus_, made.result);
    focus_ = made.result;
    return true;
  }
  // Enters the first child that is not known to be normal.
  bool down() {
    std::array<TermId, 2> child{};
    const int count = children(terms_[focus_], child);
    for (int k = 0; k < count; ++k) {
      if (normal(child[static_cast<std::size_t>(k)])) continue;
      path_.push_back({focus_, k});
      focus_ = child[static_cast<std::size_t>(k)];
      return true;
    }
    return false;
  }

  void walk() {
    const bool outermost = options_.strategy == Strategy::normal;
    while (true) {
      if (out_of_budget()) break;
      if (!normal(focus_)) {
        if (outermost && contract_here()) {
          for (int k = 0; k < 2 && !path_.empty(); ++k) up();
          continue;
        }
        if (down()) continue;
        if (!outermost && contract_here()) continue;
        mark_normal(focus_);
      }
      if (path_.empty()) return;
      up();
    }
    all_the_way_up();
  }

  // Positions are numbered in the walk's order; the path to the drawn one is found by walking
  // again.
  void walk_at_random() {
    while (true) {
      if (out_of_budget()) return;
      const std::uint64_t redexes = visit(~std::uint64_t{0});
      if (redexes == 0) return;
      visit(random_.below(redexes));
      contract_here();
      all_the_way_up();
    }
  }
  // Counts redexes; stops with the focus on number `wanted`.
  std::uint64_t visit(std::uint64_t wanted) {
    std::uint64_t seen = 0;
    bool fresh = true;
    int next = 0;
    while (true) {
      if (fresh && contract(terms_, focus_).rule != Rule::none && seen++ == wanted) return seen;
      std::array<TermId, 2> child{};
      if (next < children(terms_[focus_], child)) {
        path_.push_back({focus_, next});
        focus_ = child[static_cast<std::size_t>(next)];
        next = 0;
        fresh = true;
        continue;
      }
      if (path_.empty()) return seen;
      next = path_.back().child + 1;
      up();
      fresh = false;
    }
  }

  // A round contracts, from the leaves up, every redex that was there when the round began and
  // still is one; what a contraction makes waits for the next round.
  void walk_in_rounds() {
    std::uint64_t before = 0;
    do {
      before = result_.steps;
      if (!round()) return;
      ++result_.rounds;
    } while (result_.steps > before);
    --result_.rounds;
  }
  // False: a limit came.
  bool round() {
    struct Open {
      TermId id;
      bool is_redex;
    };
    std::vector<Open> open;
    bool fresh = true;
    int next = 0;
    while (true) {
      if (fresh)
        open.push_back({focus_, !normal(focus_) && contract(terms_, focus_).rule != Rule::none});
      std::array<TermId, 2> child{};
      if (next < children(terms_[focus_], child) && !normal(focus_)) {
        path_.push_back({focus_, next});
        focus_ = child[static_cast<std::size_t>(next)];
        next = 0;
        fresh = true;
        continue;
      }
      if (open.back().is_redex) {
        if (out_of_budget()) {
          all_the_way_up();
          return false;
        }
        contract_here();
      } else if (focus_ == open.back().id) {
        mark_normal(focus_);
      }
      open.pop_back();
      if (path_.empty()) return true;
      next = path_.back().child + 1;
      up();
      fresh = false;
    }
  }

  // Contracts along the spine, which in a normal form is its pushes and pops; true if there was
  // anything.
  bool contract_eta_on_spine() {
    std::unordered_map<Symbol, std::size_t> held;
    for (const MemoryEntry& entry : options_.memory) held[entry.location] += entry.values.size();
    const std::uint64_t before = result_.counts[static_cast<std::size_t>(Rule::eta)];
    while (true) {
      const Node node = terms_[focus_];
      if (node.op == Op::pop && held[node.label] > 0 && !is_stream(node.label)) {
        const Contraction made = contract_eta(terms_, focus_);
        if (made.rule != Rule::none) {
          if (out_of_budget()) break;
          record(made.rule, focus_, made.result);
          focus_ = made.result;
          continue;
        }
      }
      if (node.op == Op::push) ++held[node.label];
      if (node.op == Op::pop && held[node.label] > 0) --held[node.label];
      if (node.op != Op::push && node.op != Op::pop) break;
      path_.push_back({focus_, 0});
      focus_ = node.second;
    }
    all_the_way_up();
    return result_.counts[static_cast<std::size_t>(Rule::eta)] > before;
  }
  bool is_stream(Symbol location) const {
    const std::string& name = terms_.text(location);
    return name == "in" || name == "out" || name == "rnd" || name == "nd";
  }

  bool unroll_first() {
    int next = 0;
    while (true) {
      const Node node = terms_[focus_];
      if (node.op == Op::loop && next == 0) {
        const TermId made = terms_.join(node.first, node.label, focus_);
        record(Rule::unroll, focus_, made);
        focus_ = made;
        all_the_way_up();
        return true;
      }
      std::array<TermId, 2> child{};
      if (next < children(node, child)) {
        path_.push_back({focus_, next});
        focus_ = child[static_cast<std::size_t>(next)];
        next = 0;
        continue;
      }
      if (path_.empty()) return false;
      next = path_.back().child + 1;
      up();
    }
  }

  Terms& terms_;
  const ReduceOptions& options_;
  Context& context_;
  Random random_;
  ReduceResult result_;
  TermId focus_ = 0;
  std::vector<Frame> path_;
  std::vector<bool> normal_;
};

}  // namespace

std::string_view to_string(Rule rule) { return kNames[static_cast<std::size_t>(rule)]; }

Contraction contract(Terms& terms, TermId term) {
  const Op op = terms[term].op;
  if (op == Op::push) return contract_push(terms, term);
  if (op == Op::join) return contract_join(terms, term);
  return {};
}

ReduceResult reduce(Terms& terms, TermId term, const ReduceOptions& options, Context& context) {
  return Reducer(terms, options, context).run(term);
}

TermId unfold(Terms& terms, const Module& module, TermId term) {
  std::unordered_map<Symbol, TermId> known;
  const auto lookup = [&](Symbol name, TermId& value) {
    const auto found = known.find(name);
    if (found == known.end()) return false;
    value = found->second;
    return true;
  };
  for (const Definition& definition : module.definitions())
    known[definition.name] = terms.replace_free(definition.term, lookup);
  return known.empty() ? term : terms.replace_free(term, lookup);
}

}  // namespace ordo::machine::fmc
