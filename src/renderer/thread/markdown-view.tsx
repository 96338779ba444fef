import { Fragment, memo, type MouseEvent } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './markdown-view.module.css'
import { type Block, type Inline, parseMarkdown } from './markdown.ts'
import { openLink } from './open-link.ts'

/** The text of a message with its formatting. */
export const MarkdownView = memo(function MarkdownView({ text }: { readonly text: string }) {
  return <Blocks blocks={parseMarkdown(text)} />
})

function Blocks({ blocks }: { readonly blocks: readonly Block[] }) {
  return blocks.map((block, index) => {
    switch (block.kind) {
      case 'paragraph':
        return (
          // One on its own takes its direction from its parent, which then also aligns what stands beside it.
          <p key={index} className={styles.paragraph} dir={blocks.length > 1 ? 'auto' : undefined}>
            <Inlines nodes={block.children} />
          </p>
        )
      case 'code':
        return (
          <pre key={index} className={styles.block} dir="ltr" tabIndex={0}>
            <code>{block.text}</code>
          </pre>
        )
      case 'quote':
        return (
          <blockquote key={index} className={styles.quote} dir="auto">
            <Blocks blocks={block.children} />
          </blockquote>
        )
      case 'list': {
        const items = block.items.map((item, at) => (
          <li key={at}>
            <Inlines nodes={item} />
          </li>
        ))
        return block.start === null ? (
          <ul key={index} className={styles.bullets} dir="auto">
            {items}
          </ul>
        ) : (
          <ol key={index} className={styles.numbers} dir="auto" start={block.start}>
            {items}
          </ol>
        )
      }
    }
  })
}

function Inlines({ nodes }: { readonly nodes: readonly Inline[] }) {
  return nodes.map((node, index) => {
    switch (node.kind) {
      case 'text':
        return <Fragment key={index}>{node.text}</Fragment>
      case 'code':
        return (
          <code key={index} className={styles.code}>
            {node.text}
          </code>
        )
      case 'bold':
        return (
          <strong key={index}>
            <Inlines nodes={node.children} />
          </strong>
        )
      case 'italic':
        return (
          <em key={index}>
            <Inlines nodes={node.children} />
          </em>
        )
      case 'strike':
        return (
          <s key={index}>
            <Inlines nodes={node.children} />
          </s>
        )
      case 'link':
        return <Link key={index} url={node.url} text={node.text} />
    }
  })
}

function Link({ url, text }: { readonly url: string; readonly text: string }) {
  const { t } = useTranslation('thread')
  const onClick = (event: MouseEvent) => {
    event.preventDefault()
    void openLink(url)
  }
  // The right button has an `auxclick` too, after the one that opens the menu.
  const onAuxClick = (event: MouseEvent) => {
    if (event.button === 1) onClick(event)
  }
  return (
    <a
      href={url}
      title={t('openLink', { url })}
      rel="noreferrer"
      draggable={false}
      onClick={onClick}
      onAuxClick={onAuxClick}
    >
      {text}
    </a>
  )
}
