from tests.shop import Shop


def test_x(shop: Shop) -> None:
    import time

    with shop.catalog() as c:
        t = time.time()
        r = c.relation("speed_conversion")
        print(time.time() - t)
        print(r.sentence)
        print(r.worth, r.without_worth)
        print(r.left_out)
        for k in r.assessment.checks:
            print(k)
        for k in r.variants:
            print(k)
        print(r.sql)
