import product from "@/lib/product.json";
import actionStyles from "./action.module.css";
import styles from "./page.module.css";

const firstSteps = [
  {
    title: "Edit this page",
    text: "The home page is one component with one style sheet.",
    file: "app/page.tsx",
  },
  {
    title: "Change the theme",
    text: "Colours, shapes and fonts are tokens, with light and dark values.",
    file: "app/theme.css",
  },
  {
    title: "Record decisions",
    text: "The first decisions and their reasons are already documented.",
    file: "docs/adr/README.md",
  },
] as const;

export default function HomePage() {
  return (
    <>
      <section className={styles.hero}>
        <p className={styles.eyebrow}>{product.repository}</p>
        <h1>{product.name}</h1>
        <p className={styles.lead}>Your app is running.</p>
        <a className={actionStyles.action} href="/api/health">
          Open health check
        </a>
      </section>

      <section aria-labelledby="first-steps">
        <h2 id="first-steps">First steps</h2>
        <ol className={styles.cards}>
          {firstSteps.map(({ title, text, file }) => (
            <li className={styles.card} key={file}>
              <h3>{title}</h3>
              <p>{text}</p>
              <code>{file}</code>
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}
