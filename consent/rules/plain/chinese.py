"""Simplified Chinese. Rests on PIPL 17 (clear and easy words) and GB/T 2312, whose first level holds the 3,755 common
characters. No official figure for the length of sentences is known: ours are house rules for native readers to review.
"""

from consent.rules.plain.pack import Limits, Pack, numbers, pairs, words

_COUNTERS = "次|封|张|种|个|位|条|份|件|名|家|遍|项"


def common(character: str) -> bool:
    """Whether a character is on the first level of GB/T 2312, or is no Chinese character."""
    if not "\u3400" <= character <= "\u9fff":
        return True
    return 0xB0 <= character.encode("gb2312", errors="ignore").ljust(1, b"\0")[0] <= 0xD7


CHINESE = Pack(
    language="zh-hans",
    limits=Limits(sentence=40, average=25, clause=(18, 25), title=12, benefit=20, score_from=60),
    jargon=pairs("""
        数据主体 = 您; 信息主体 = 您; 个人信息主体 = 您; 用户 = 您; 乙方 = 您; 甲方 = 我们; 个人信息处理者 = 我们;
        数据控制者 = 我们; 处理您的数据 = 使用您的数据; 处理您的信息 = 使用您的信息; 处理您的个人信息 = 使用您的信息;
        根据本协议 =; 依据 = 按照; 鉴于 = 因为; 之目的 =; 用户画像 = 猜测您喜欢什么; 画像 = 猜测您喜欢什么;
        自动化决策 = 由电脑决定; 去标识化 = 去掉您的姓名; 匿名化 = 去掉您的姓名; 算法 = 电脑;
        合法利益 = 我们自己的利益; 正当利益 = 我们自己的利益; 法律依据 = 为什么可以使用; 存储期限 = 保存多久;
        留存 = 保存; 予以 =; 上述 = 这些; 如下 = 这样; 赋能 = 帮助; 触达 = 联系; 元数据 = 记录; 前述 = 这些;
        授权 = 同意; 生物识别 = 面部特征; 不时 =; 项下 =; 届时 = 到时; 该等 = 这些
    """),
    vague=words("""
        可能, 或许, 也许, 有时, 有些, 一些, 某些, 部分, 等等, 包括但不限于, 例如, 诸如, 比如, 等信息, 等数据, 等用途,
        等方式, 等目的, 等内容, 等渠道, 适当, 必要时, 视情况, 若干, 左右, 通常, 一般, 不定期, 定期, 相关信息,
        相关数据, 其他信息, 其他数据, 其他用途, 合理期限, 必要的期限, 一段时间, 大概, 多种, 各种, 不久
    """),
    pushy=words("""
        遗憾, 抱歉, 对不起, 可惜, 不要错过, 别错过, 切勿错过, 错过, 仅限今天, 限时, 立刻, 赶快, 抓紧, 马上行动,
        马上同意, 马上开启, 最后机会, 机不可失, 尽快同意, 帮助我们, 支持我们, 后悔, 您将损失, 失去, 无法享受, 享受,
        精彩, 尊贵, 尊享, 专享, 极致, 卓越, 优质, 最佳, 最好, 一流, 领先, 放心, 贴心, 高度重视, 非常重视, 惊喜,
        感谢您, 谢谢您, 超值, 完美, 智能, 您确定, 三思, 恳请, 拜托, 大家都, 多数人都, 强烈建议, 千万
    """),
    receivers=words("""
        合作伙伴, 合作方, 第三方, 关联公司, 关联方, 关联企业, 服务提供商, 服务商, 供应商, 广告商, 广告主, 子公司,
        集团公司, 集团成员, 其他公司, 合作公司, 合作机构, 其他机构, 有关方, 赞助商, 代理商, 承包商, 相关方
    """),
    address={"你": "您"},
    numbers=numbers("""
        一 1, 二 2, 两 2, 三 3, 四 4, 五 5, 六 6, 七 7, 八 8, 九 9, 十 10, 十二 12, 十五 15, 十八 18, 二十 20,
        二十四 24, 三十 30, 三十六 36, 四十八 48, 六十 60, 九十 90
    """),
    units={
        "小时": "h",
        "天": "D",
        "日": "D",
        "周": "W",
        "星期": "W",
        "个星期": "W",
        "个月": "M",
        "年": "Y",
        "个小时": "h",
    },
    spelled={"半年": (6, "M"), "半个月": (15, "D")},
    counters=_COUNTERS,
    double_negatives=r"不得不|不能不|不会不|不可不|无不|没有不|并非不|不无|非[^，。；]{1,8}不可|除非(?:(?!否则)[^。；])*?不",
    delete=r"删除|销毁|清除",
    you="[您你]",
    we="我们",
    spared="不可能|人工智能",
    repeated=r"每\s*(?:\d+|[一两二三四五六七八九十])|同一[天日年周]|有一[天年]|第[一二三四五六七八九十]",
    common=common,
    spaced=False,
)
