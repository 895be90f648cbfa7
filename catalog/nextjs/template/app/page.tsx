import product from "@/lib/product.json";
import actionStyles from "./action.module.css";
import styles from "./page.module.css";

const firstSteps = [
  {
    title: "Say what it is",
    text: "Replace this page. It is one file with one style sheet beside it.",
    place: "app/page.tsx",
  },
  {
    title: "Make it look like yours",
    text: "Colour, shape and type are tokens, each for light and dark.",
    place: "app/theme.css",
  },
  {
    title: "Keep the reasons",
    text: "What was chosen here, and why, is written down. Add to it.",
    place: "docs/adr/README.md",
  },
] as const;

export default function HomePage() {
  return (
    <>
      <section className={styles.hero}>
        <p className={styles.eyebrow}>{product.repository}</p>
        <h1>{product.name}</h1>
        <p className={styles.lead}>
          The foundation stands: it builds, it answers, and it says how it is doing.
        </p>
        <a className={actionStyles.action} href="/api/health">
          See its health
        </a>
      </section>

      <section aria-labelledby="first-steps">
        <h2 id="first-steps">First steps</h2>
        <ol className={styles.cards}>
          {firstSteps.map(({ title, text, place }) => (
            <li className={styles.card} key={place}>
              <h3>{title}</h3>
              <p>{text}</p>
              <code>{place}</code>
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}
