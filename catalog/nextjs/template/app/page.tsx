import { buttonVariants } from "@/components/ui/button";
import { findProblems } from "@/lib/env";
import product from "@/lib/product.json";
import styles from "./page.module.css";

const nextSteps = [
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
    title: "Read the decisions",
    text: "Each choice is recorded with its reasons and its disadvantages.",
    file: "docs/adr/README.md",
  },
] as const;

export default function HomePage() {
  // Only developers see which settings are missing.
  const problems = process.env.NODE_ENV === "development" ? findProblems() : [];
  return (
    <>
      <section className={styles.hero}>
        <p className={styles.eyebrow}>{product.repository}</p>
        <h1>{product.name}</h1>
        <p className={styles.lead}>Your app is running.</p>
        <a className={buttonVariants()} href={product.url}>
          Open the repository
        </a>
      </section>

      {problems.length > 0 && (
        <section aria-labelledby="settings" className={styles.card}>
          <h2 id="settings">Missing settings</h2>
          <p>
            Run <code>npm run setup</code> to write <code>.env</code>, then restart the app.
          </p>
          <ul>
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </section>
      )}

      <section aria-labelledby="next-steps">
        <h2 id="next-steps">Next steps</h2>
        <ol className={styles.cards}>
          {nextSteps.map(({ title, text, file }) => (
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
