#include "ordo/machine/rmc_events.h"

#include <algorithm>

namespace ordo::machine::rmc {
namespace {

constexpr std::uint64_t kInlineNodes = 1'000'000;

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

}  // namespace

std::vector<Event> list_events(Terms& terms, ProgramId program) {
  return Lister(terms).list(program);
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

}  // namespace ordo::machine::rmc
