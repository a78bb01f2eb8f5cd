// Runs a template's tree. Loops and macros have scopes of their own; conditions have not.
#include "ordo/text/chat_template.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/text/jinja_library.h"
#include "ordo/text/jinja_tree.h"

namespace ordo::text {

struct ChatTemplate::Program {
  std::string name;
  jinja::Block block;
};

namespace jinja {
namespace {

constexpr std::size_t kMostOutput = std::size_t{1} << 26;
constexpr std::size_t kMostSteps = 2'000'000;
constexpr int kDeepestCall = 50;

using Scope = Members;

Value* find_in(Scope& scope, std::string_view name) {
  for (auto& [key, value] : scope) {
    if (key == name) return &value;
  }
  return nullptr;
}

void set_in(Scope& scope, const std::string& name, Value value) {
  if (Value* const old = find_in(scope, name)) {
    *old = std::move(value);
  } else {
    scope.emplace_back(name, std::move(value));
  }
}

enum class Flow { on, next_round, out };

class Runner {
 public:
  Runner(const std::string& name, Scope variables) : name_(name) {
    scopes_.push_back(std::move(variables));
  }

  std::string run(const Block& block) {
    run_block(block);
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail_at(std::size_t line, const std::string& message) const {
    throw InputError({.source = name_, .line = line}, message);
  }

  // Counts work, so that no template runs for ever.
  void step(std::size_t line) {
    if (++steps_ > kMostSteps) {
      throw LimitError(fmt::format("{}:{}: the template does not end", name_, line));
    }
  }

  void write(const std::string& text, std::size_t line) {
    if (out_.size() + text.size() > kMostOutput) {
      throw LimitError(
          fmt::format("{}:{}: the template writes more than {} bytes", name_, line, kMostOutput));
    }
    out_ += text;
  }

  Flow run_block(const Block& block) {
    for (const Statement& statement : block) {
      const Flow flow = run_statement(statement);
      if (flow != Flow::on) return flow;
    }
    return Flow::on;
  }

  Flow run_statement(const Statement& statement) {
    step(statement.line);
    switch (statement.kind) {
      case StatementKind::text:
        write(statement.text, statement.line);
        return Flow::on;
      case StatementKind::print:
        write(printed(*statement.expression), statement.line);
        return Flow::on;
      case StatementKind::condition:
        for (const Branch& branch : statement.branches) {
          if (!branch.condition || evaluate(*branch.condition).truth())
            return run_block(*branch.body);
        }
        return Flow::on;
      case StatementKind::loop:
        return run_loop(statement);
      case StatementKind::set:
        run_set(statement);
        return Flow::on;
      case StatementKind::macro:
        set_in(scopes_.back(), statement.text, macro(statement));
        return Flow::on;
      case StatementKind::filter:
        write(filtered(*statement.filter, captured(*statement.body)).str(), statement.line);
        return Flow::on;
      case StatementKind::block:
        return run_block(*statement.body);
      case StatementKind::loop_break:
        return Flow::out;
      case StatementKind::loop_continue:
        return Flow::next_round;
    }
    return Flow::on;
  }

  std::string printed(const Expression& expression) {
    const Value value = evaluate(expression);
    return guarded(expression.line, [&] { return value.str(); });
  }

  // What a block writes, instead of writing it.
  std::string captured(const Block& block) {
    std::string before = std::exchange(out_, {});
    run_block(block);
    return std::exchange(out_, std::move(before));
  }

  // Adds the line to what goes wrong inside.
  template <class Work>
  auto guarded(std::size_t line, Work work) -> decltype(work()) {
    try {
      return work();
    } catch (const Failure& failure) {
      fail_at(line, failure.message);
    }
  }

  void assign(const std::vector<std::string>& targets, const Value& value, std::size_t line) {
    if (targets.size() == 1) return assign_one(targets[0], value, line);
    const List parts = guarded(line, [&] { return value.items(); });
    if (parts.size() != targets.size()) {
      fail_at(line, fmt::format("expected {} values, found {}", targets.size(), parts.size()));
    }
    for (std::size_t part = 0; part < parts.size(); ++part)
      assign_one(targets[part], parts[part], line);
  }

  void assign_one(const std::string& target, const Value& value, std::size_t line) {
    const std::size_t dot = target.find('.');
    if (dot == std::string::npos) return set_in(scopes_.back(), target, value);
    const Value object = look_up(target.substr(0, dot));
    if (object.dict() == nullptr || !object.dict()->is_namespace) {
      fail_at(line, fmt::format("'{}' is no namespace, so that its '{}' cannot be set",
                                target.substr(0, dot), target.substr(dot + 1)));
    }
    object.dict()->set(target.substr(dot + 1), value);
  }

  void run_set(const Statement& statement) {
    if (statement.expression) {
      return assign(statement.targets, evaluate(*statement.expression), statement.line);
    }
    Value text = captured(*statement.body);
    if (statement.filter) text = filtered(*statement.filter, std::move(text));
    assign(statement.targets, text, statement.line);
  }

  List loop_items(const Statement& statement) {
    const Value source = evaluate(*statement.expression);
    List items = guarded(statement.line, [&] { return source.items(); });
    if (!statement.filter) return items;
    List kept;
    for (const Value& item : items) {
      step(statement.line);
      scopes_.emplace_back();
      assign(statement.targets, item, statement.line);
      if (evaluate(*statement.filter).truth()) kept.push_back(item);
      scopes_.pop_back();
    }
    return kept;
  }

  static Dict loop_variable(const List& items, std::size_t index) {
    const auto number = [](std::size_t value) { return Value(static_cast<std::int64_t>(value)); };
    const std::size_t size = items.size();
    Dict loop;
    loop.members = {
        {"index", number(index + 1)},
        {"index0", number(index)},
        {"revindex", number(size - index)},
        {"revindex0", number(size - index - 1)},
        {"first", index == 0},
        {"last", index + 1 == size},
        {"length", number(size)},
        {"previtem", index > 0 ? items[index - 1] : Value(Undefined{"previtem"})},
        {"nextitem", index + 1 < size ? items[index + 1] : Value(Undefined{"nextitem"})}};
    loop.set("cycle", Function([index](const Arguments& arguments) {
               if (arguments.positional.empty()) fail("cycle needs values");
               return arguments.positional[index % arguments.positional.size()];
             }));
    return loop;
  }

  Flow run_loop(const Statement& statement) {
    const List items = loop_items(statement);
    if (items.empty()) {
      return statement.otherwise ? run_block(*statement.otherwise) : Flow::on;
    }
    for (std::size_t index = 0; index < items.size(); ++index) {
      step(statement.line);
      scopes_.emplace_back();
      assign(statement.targets, items[index], statement.line);
      set_in(scopes_.back(), "loop", loop_variable(items, index));
      const Flow flow = run_block(*statement.body);
      scopes_.pop_back();
      if (flow == Flow::out) break;
    }
    return Flow::on;
  }

  // A macro sees the template's own variables, not those where it is called.
  Value macro(const Statement& statement) {
    return Function([this, &statement](const Arguments& arguments) {
      return call_macro(statement, arguments);
    });
  }

  Value call_macro(const Statement& statement, const Arguments& arguments) {
    if (calls_ == kDeepestCall)
      fail(fmt::format("macros call each other over {} deep", kDeepestCall));
    Scope scope;
    std::vector<Scope> outside;
    for (std::size_t place = 0; place < statement.parameters.size(); ++place) {
      const auto& [name, otherwise] = statement.parameters[place];
      const Value* const given = arguments.find(place, name);
      scope.emplace_back(name, given != nullptr ? *given
                               : otherwise      ? evaluate(*otherwise)
                                                : Value(Undefined{name}));
    }
    if (arguments.positional.size() > statement.parameters.size()) {
      fail(fmt::format("the macro '{}' takes {} arguments, not {}", statement.text,
                       statement.parameters.size(), arguments.positional.size()));
    }
    for (std::size_t inner = 1; inner < scopes_.size(); ++inner)
      outside.push_back(std::move(scopes_[inner]));
    scopes_.resize(1);
    scopes_.push_back(std::move(scope));
    ++calls_;
    std::string text = captured(*statement.body);
    --calls_;
    scopes_.resize(1);
    for (Scope& inner : outside) scopes_.push_back(std::move(inner));
    return text;
  }

  Value look_up(const std::string& name) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const Value* const found = find_in(*scope, name)) return *found;
    }
    return Undefined{name};
  }

  Arguments arguments_of(const Expression& expression) {
    Arguments arguments;
    for (const ExpressionPtr& argument : expression.positional) {
      arguments.positional.push_back(evaluate(*argument));
    }
    for (const auto& [name, argument] : expression.named) {
      arguments.named.emplace_back(name, evaluate(*argument));
    }
    return arguments;
  }

  // A filter whose innermost value is `value`.
  Value filtered(const Expression& filter, Value value) {
    if (filter.children[0]) value = filtered(*filter.children[0], std::move(value));
    const Arguments arguments = arguments_of(filter);
    return guarded(filter.line, [&] { return apply_filter(filter.text, value, arguments); });
  }

  Value call(const Expression& expression) {
    const Expression& callee = *expression.children[0];
    Value function;
    if (callee.kind == ExpressionKind::attribute) {
      function = attribute(callee);
    } else {
      function = evaluate(callee);
    }
    const Arguments arguments = arguments_of(expression);
    if (function.function() == nullptr) {
      fail_at(expression.line, fmt::format("{} cannot be called", function.type_name()));
    }
    return guarded(expression.line, [&] { return (*function.function())(arguments); });
  }

  Value attribute(const Expression& expression) {
    const Value object = evaluate(*expression.children[0]);
    return guarded(expression.line, [&] {
      if (auto method = method_of(object, expression.text)) return std::move(*method);
      return item_of(object, Value(expression.text));
    });
  }

  Value item(const Expression& expression) {
    const Value object = evaluate(*expression.children[0]), key = evaluate(*expression.children[1]);
    return guarded(expression.line, [&] {
      Value found = item_of(object, key);
      if (!found.is_undefined() || key.text() == nullptr) return found;
      auto method = method_of(object, *key.text());
      return method ? std::move(*method) : std::move(found);
    });
  }

  bool compare(const std::string& how, const Value& left, const Value& right) {
    if (how == "==") return left == right;
    if (how == "!=") return !(left == right);
    if (how == "in") return contains(right, left);
    if (how == "not in") return !contains(right, left);
    if (how == "<") return less(left, right);
    if (how == ">") return less(right, left);
    return how == "<=" ? !less(right, left) : !less(left, right);
  }

  Value compare_chain(const Expression& expression) {
    Value left = evaluate(*expression.children[0]);
    for (std::size_t link = 0; link < expression.operators.size(); ++link) {
      Value right = evaluate(*expression.children[link + 1]);
      const bool holds = guarded(expression.line,
                                 [&] { return compare(expression.operators[link], left, right); });
      if (!holds) return false;
      left = std::move(right);
    }
    return true;
  }

  Value dict(const Expression& expression) {
    Dict dict;
    for (std::size_t child = 0; child < expression.children.size(); child += 2) {
      const Value key = evaluate(*expression.children[child]);
      dict.set(key.str(), evaluate(*expression.children[child + 1]));
    }
    return dict;
  }

  Value evaluate(const Expression& expression) {
    step(expression.line);
    const auto& children = expression.children;
    switch (expression.kind) {
      case ExpressionKind::constant:
        return expression.value;
      case ExpressionKind::name:
        return look_up(expression.text);
      case ExpressionKind::list: {
        List list;
        for (const ExpressionPtr& child : children) list.push_back(evaluate(*child));
        return expression.text == kTuple ? Value::tuple(std::move(list)) : Value(std::move(list));
      }
      case ExpressionKind::dict:
        return dict(expression);
      case ExpressionKind::negate: {
        const Value value = evaluate(*children[0]);
        return guarded(expression.line, [&] {
          return value.is_real() ? Value(-value.number()) : compute("-", std::int64_t{0}, value);
        });
      }
      case ExpressionKind::logical_not:
        return !evaluate(*children[0]).truth();
      case ExpressionKind::logical_and: {
        Value left = evaluate(*children[0]);
        return left.truth() ? evaluate(*children[1]) : left;
      }
      case ExpressionKind::logical_or: {
        Value left = evaluate(*children[0]);
        return left.truth() ? left : evaluate(*children[1]);
      }
      case ExpressionKind::binary: {
        const Value left = evaluate(*children[0]), right = evaluate(*children[1]);
        return guarded(expression.line, [&] { return compute(expression.text, left, right); });
      }
      case ExpressionKind::compare:
        return compare_chain(expression);
      case ExpressionKind::choice:
        if (evaluate(*children[1]).truth()) return evaluate(*children[0]);
        return children[2] ? evaluate(*children[2]) : Value(Undefined{"else"});
      case ExpressionKind::attribute:
        return attribute(expression);
      case ExpressionKind::item:
        return item(expression);
      case ExpressionKind::slice: {
        const Value value = evaluate(*children[0]);
        const auto part = [&](std::size_t child) {
          return children[child] ? evaluate(*children[child]) : Value();
        };
        const Value begin = part(1), end = part(2), by = part(3);
        return guarded(expression.line, [&] { return slice_of(value, begin, end, by); });
      }
      case ExpressionKind::call:
        return call(expression);
      case ExpressionKind::filter: {
        const Value value = evaluate(*children[0]);
        const Arguments arguments = arguments_of(expression);
        return guarded(expression.line,
                       [&] { return apply_filter(expression.text, value, arguments); });
      }
      case ExpressionKind::test: {
        const Value value = evaluate(*children[0]);
        const Arguments arguments = arguments_of(expression);
        return guarded(expression.line,
                       [&] { return apply_test(expression.text, value, arguments); });
      }
    }
    return {};
  }

  const std::string& name_;
  std::vector<Scope> scopes_;
  std::string out_;
  std::size_t steps_ = 0;
  int calls_ = 0;
};

}  // namespace
}  // namespace jinja

namespace {

std::tm local_time() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local{};
  localtime_r(&now, &local);
  return local;
}

}  // namespace

ChatTemplate::ChatTemplate(std::string_view source, const std::string& name)
    : program_(std::make_shared<const Program>(Program{name, jinja::parse_template(source, name)})),
      clock_(local_time) {}

void ChatTemplate::set_clock(std::function<std::tm()> clock) { clock_ = std::move(clock); }

std::string ChatTemplate::render_variables(const JsonObject& variables) const {
  jinja::Members scope = jinja::global_functions(clock_);
  for (const JsonMember& member : variables) {
    std::erase_if(scope, [&](const auto& entry) { return entry.first == member.key; });
    scope.emplace_back(member.key, jinja::Value::of(member.value));
  }
  return jinja::Runner(program_->name, std::move(scope)).run(program_->block);
}

std::string ChatTemplate::render(const Json& messages, const ChatOptions& options) const {
  messages.as_array("messages");
  JsonObject variables = options.variables;
  variables["messages"] = messages;
  variables["add_generation_prompt"] = options.add_generation_prompt;
  variables["bos_token"] = options.bos_token;
  variables["eos_token"] = options.eos_token;
  return render_variables(variables);
}

std::string ChatTemplate::render(const std::vector<ChatMessage>& messages,
                                 const ChatOptions& options) const {
  Json list = Json::array();
  for (const ChatMessage& message : messages) {
    list.push_back(Json::object({{"role", message.role}, {"content", message.content}}));
  }
  return render(list, options);
}

}  // namespace ordo::text
