/** An Electron event whose default an app can prevent. */
export interface PreventableEvent {
  defaultPrevented: boolean
  preventDefault(): void
}

/** Makes a preventable event with further properties. */
export function preventable<T extends object>(properties: T): T & PreventableEvent {
  return {
    ...properties,
    defaultPrevented: false,
    preventDefault() {
      this.defaultPrevented = true
    },
  }
}
