import { Component, type ComponentChildren } from 'preact';

/** Draws its children anew only when one of `by` has become another value: what is far up a long thread stays as it is. */
export class Keep extends Component<{ by: readonly unknown[]; children: () => ComponentChildren }> {
  override shouldComponentUpdate(next: Readonly<{ by: readonly unknown[] }>): boolean {
    const { by } = this.props;
    return by.length !== next.by.length || by.some((value, index) => !Object.is(value, next.by[index]));
  }
  override render() {
    return this.props.children();
  }
}
