import { Component, type ComponentChildren } from "preact";

/** Draws its children again only when `of` is another object. */
export class Still extends Component<{ of: object; children: ComponentChildren }> {
  override shouldComponentUpdate(next: { of: object }): boolean { return next.of !== this.props.of; }
  override render(): ComponentChildren { return this.props.children; }
}
